/** What no single field shows: fields of understudy.yaml that contradict each other. Looks only at what is well-formed. */
import type { Contradiction } from './contradiction.ts';
import { findAccessContradictions } from './contradictions-access.ts';
import { findComparedContradictions } from './contradictions-compared.ts';
import { findJudgedContradictions } from './contradictions-judged.ts';
import { findPlanContradictions } from './contradictions-plan.ts';
import { expandPlan } from './expand-plan.ts';
import type { ConfigFile, RolloutEntry } from './schema.ts';
import type { Path } from './source.ts';
import type { WellFormed } from './well-formed.ts';

type Rollout = WellFormed<RolloutEntry> | undefined;
type Rollouts = readonly Rollout[];

export function findContradictions(file: WellFormed<ConfigFile>): Contradiction[] {
  const rollouts = file.rollouts ?? [];
  return [
    ...repeated(addresses(file), 'a socket or address used once'),
    ...repeated(
      rollouts.map((rollout, i) => [rollout?.name, ['rollouts', i, 'name']]),
      'a rollout name used once',
    ),
    ...repeated(
      (file.notifications ?? []).map((webhook, i) => [webhook?.name, ['notifications', i, 'name']]),
      'a webhook name used once',
    ),
    ...repeated(rollouts.flatMap(routes), 'a route that leads to one rollout'),
    ...rollouts.flatMap((rollout, i) =>
      repeated(
        (rollout?.shadows ?? []).map((shadow, n) => [shadow?.name, ['rollouts', i, 'shadows', n, 'name']]),
        'a shadow name used once in the rollout',
      ),
    ),
    ...answeringShadows(rollouts),
    ...(file.trustedHeaders === undefined ? [] : untrustedHeaders(rollouts, new Set(file.trustedHeaders))),
    ...rollouts.flatMap(undefinedSegments),
    ...(file.geoip === undefined ? rollouts.flatMap(geoSegments) : []),
    ...findAccessContradictions(file),
    ...findComparedContradictions(file),
    ...findPlanContradictions(rollouts),
    ...findJudgedContradictions(rollouts.map((rollout) => rollout && expandPlan(rollout))),
  ];
}

type Placed = readonly [value: string | undefined, path: Path];

function repeated(values: readonly Placed[], expected: string): Contradiction[] {
  const seen = new Set<string>();
  return values.flatMap(([value, path]) => {
    if (value === undefined) return [];
    if (seen.has(value)) return [{ path, expected }];
    seen.add(value);
    return [];
  });
}

function addresses({ sockets, metrics, admin, rollouts }: WellFormed<ConfigFile>): Placed[] {
  return [
    ...(sockets?.decide ?? []).map((address, i): Placed => [address, ['sockets', 'decide', i]]),
    [sockets?.observe, ['sockets', 'observe']],
    [sockets?.admin, ['sockets', 'admin']],
    [metrics?.listen, ['metrics', 'listen']],
    [admin?.listen, ['admin', 'listen']],
    ...(rollouts ?? []).map((rollout, i): Placed => [rollout?.baseline?.listen, ['rollouts', i, 'baseline', 'listen']]),
  ];
}

function routes(rollout: Rollout, i: number): Placed[] {
  if (rollout?.route === undefined) return [[rollout?.name, ['rollouts', i, 'name']]];
  return rollout.route.map((value, j): Placed => [value, ['rollouts', i, 'route', j]]);
}

function answeringShadows(rollouts: Rollouts): Contradiction[] {
  const answering = new Map<string, string>();
  for (const rollout of rollouts) {
    for (const arm of ['stable', 'canary'] as const) {
      const cluster = rollout?.[arm]?.cluster;
      if (cluster !== undefined)
        answering.set(cluster, `the ${arm} cluster of rollout ${JSON.stringify(rollout?.name)}`);
    }
  }
  return rollouts.flatMap((rollout, i) => {
    const shadows = (rollout?.shadows ?? []).map((shadow, n) => ({ cluster: shadow?.cluster, at: ['shadows', n] }));
    return [...shadows, { cluster: rollout?.mirrorBack?.cluster, at: ['mirrorBack'] }].flatMap(({ cluster, at }) => {
      const who = answering.get(cluster ?? '');
      if (who === undefined) return [];
      const path = ['rollouts', i, ...at, 'cluster'];
      const reason = `${who}: copies would use up the connections and the circuit breaker of users' requests`;
      return [{ path, expected: 'a cluster of its own that answers no user', reason }];
    });
  });
}

function untrustedHeaders(rollouts: Rollouts, trusted: ReadonlySet<string | undefined>): Contradiction[] {
  return rollouts
    .flatMap(headers)
    .filter(([header]) => header !== undefined && !trusted.has(header))
    .map(([, path]) => ({
      path,
      expected: 'a header of trustedHeaders',
      atKey: path.at(-2) === 'header',
      reason: 'a client could choose its own answer with a header the edge does not set or clean',
    }));
}

function headers(rollout: Rollout, i: number): Placed[] {
  return [
    ...(rollout?.unit ?? []).flatMap((source, n): Placed[] =>
      source !== undefined && 'header' in source ? [[source.header, ['rollouts', i, 'unit', n, 'header']]] : [],
    ),
    ...Object.entries(rollout?.segments ?? {}).flatMap(([name, source]): Placed[] =>
      source !== undefined && 'header' in source ? [[source.header, ['rollouts', i, 'segments', name, 'header']]] : [],
    ),
    ...(rollout?.rules ?? []).flatMap((rule, n) =>
      Object.keys(rule?.when?.header ?? {}).map(
        (header): Placed => [header, ['rollouts', i, 'rules', n, 'when', 'header', header]],
      ),
    ),
  ];
}

function undefinedSegments(rollout: Rollout, i: number): Contradiction[] {
  const segments = rollout?.segments;
  if (segments === undefined) return [];
  return (rollout?.rules ?? []).flatMap((rule, n) =>
    Object.keys(rule?.when?.segment ?? {})
      .filter((name) => !Object.hasOwn(segments, name))
      .map((name) => ({
        path: ['rollouts', i, 'rules', n, 'when', 'segment', name],
        expected: 'a segment that the rollout defines',
        atKey: true,
      })),
  );
}

function geoSegments(rollout: Rollout, i: number): Contradiction[] {
  return Object.entries(rollout?.segments ?? {}).flatMap(([name, source]) =>
    source !== undefined && 'geoip' in source
      ? [{ path: ['rollouts', i, 'segments', name, 'geoip'], expected: 'geoip.database to be set for it' }]
      : [],
  );
}
