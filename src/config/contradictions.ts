/** What no single field shows: fields of understudy.yaml that contradict each other. */
import type { ConfigFile, RolloutEntry } from './schema.ts';

export interface Contradiction {
  readonly path: readonly (string | number)[];
  readonly expected: string;
  /** The key at the end of `path` is wrong, not its value. */
  readonly atKey?: boolean;
  /** Why; said after what was found. */
  readonly reason?: string;
}

export function findContradictions(file: ConfigFile): Contradiction[] {
  const trusted = new Set(file.trustedHeaders);
  return [
    ...repeated(socketPaths(file), 'a socket path used once'),
    ...repeated(
      file.rollouts.map(({ name }, i) => [name, ['rollouts', i, 'name']]),
      'a rollout name used once',
    ),
    ...repeated(file.rollouts.flatMap(routePaths), 'a route that leads to one rollout'),
    ...file.rollouts.flatMap((rollout, i) =>
      repeated(
        rollout.shadows.map((shadow, n) => [shadow.name, ['rollouts', i, 'shadows', n, 'name']]),
        'a shadow name used once in the rollout',
      ),
    ),
    ...answeringShadows(file),
    ...file.rollouts.flatMap((rollout, i) => [
      ...headerPaths(rollout, i)
        .filter(([header]) => !trusted.has(header))
        .map(([, path]) => ({
          path,
          expected: 'a header of trustedHeaders',
          atKey: path.at(-2) === 'header',
          reason: 'a client could choose its own answer with a header the edge does not set or clean',
        })),
      ...undefinedSegments(rollout, i),
    ]),
  ];
}

type Placed = readonly [value: string, path: readonly (string | number)[]];

function repeated(values: readonly Placed[], expected: string): Contradiction[] {
  const seen = new Set<string>();
  return values.flatMap(([value, path]) => {
    if (seen.has(value)) return [{ path, expected }];
    seen.add(value);
    return [];
  });
}

function socketPaths({ sockets }: ConfigFile): Placed[] {
  return [
    ...sockets.decide.map((path, i): Placed => [path, ['sockets', 'decide', i]]),
    [sockets.observe, ['sockets', 'observe']],
    [sockets.admin, ['sockets', 'admin']],
  ];
}

function routePaths({ name, route }: RolloutEntry, i: number): Placed[] {
  if (route === undefined) return [[name, ['rollouts', i, 'name']]];
  return route.map((value, j): Placed => [value, ['rollouts', i, 'route', j]]);
}

function answeringShadows(file: ConfigFile): Contradiction[] {
  const answering = new Map<string, string>();
  for (const { name, stable, canary } of file.rollouts) {
    answering.set(stable.cluster, `the stable cluster of rollout "${name}"`);
    answering.set(canary.cluster, `the canary cluster of rollout "${name}"`);
  }
  return file.rollouts.flatMap(({ shadows }, i) =>
    shadows.flatMap(({ cluster }, n) => {
      const who = answering.get(cluster);
      if (who === undefined) return [];
      const path = ['rollouts', i, 'shadows', n, 'cluster'];
      const reason = `${who}: copies would use up the connections and the circuit breaker of users' requests`;
      return [{ path, expected: 'a cluster of its own that answers no user', reason }];
    }),
  );
}

function headerPaths({ unit, segments, rules }: RolloutEntry, i: number): Placed[] {
  return [
    ...unit.map(({ header }, n): Placed => [header, ['rollouts', i, 'unit', n, 'header']]),
    ...Object.entries(segments).map(
      ([name, { header }]): Placed => [header, ['rollouts', i, 'segments', name, 'header']],
    ),
    ...rules.flatMap(({ when }, n) =>
      Object.keys(when.header ?? {}).map(
        (header): Placed => [header, ['rollouts', i, 'rules', n, 'when', 'header', header]],
      ),
    ),
  ];
}

function undefinedSegments({ segments, rules }: RolloutEntry, i: number): Contradiction[] {
  return rules.flatMap(({ when }, n) =>
    Object.keys(when.segment ?? {})
      .filter((name) => !Object.hasOwn(segments, name))
      .map((name) => ({
        path: ['rollouts', i, 'rules', n, 'when', 'segment', name],
        expected: 'a segment that the rollout defines',
        atKey: true,
      })),
  );
}
