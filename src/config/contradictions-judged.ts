/** What contradicts each other in stages and guards. Looks only at what is well-formed. */
import type { Measure } from '../comparison/difference.ts';
import { alphaBudgetOf } from '../guards/budget.ts';
import type { GuardSpec } from '../guards/spec.ts';
import type { Contradiction } from './contradiction.ts';
import type { RolloutEntry } from './schema.ts';
import type { Path } from './source.ts';
import type { WellFormed } from './well-formed.ts';

type Rollout = WellFormed<RolloutEntry> | undefined;
/** As a whole it is right, or it is not there. */
type Guard = GuardSpec | undefined;
type Place = (...steps: Path) => Path;

export function findJudgedContradictions(rollouts: readonly Rollout[]): Contradiction[] {
  return rollouts.flatMap((rollout, i) => {
    if (rollout === undefined) return [];
    const at: Place = (...steps) => ['rollouts', i, ...steps];
    const guards = (rollout.guards ?? []) as readonly Guard[];
    return [
      ...repeatedNames(rollout.stages ?? [], 'a stage name used once in the rollout', (n) => at('stages', n, 'name')),
      ...repeatedNames(guards, 'a guard name used once in the rollout', (n) => at('guards', n, 'name')),
      ...initialWeight(rollout, at),
      ...fallingWeights(rollout, at),
      ...undefinedScopes(rollout, guards, at),
      ...guards.flatMap((guard, n) => [
        ...unknownField(guard, rollout, (...steps) => at('guards', n, ...steps)),
        ...netWithoutTwin(guard, rollout, (...steps) => at('guards', n, ...steps)),
        ...wrongScope(guard, (...steps) => at('guards', n, ...steps)),
      ]),
      ...budget(guards, at),
    ];
  });
}

function repeatedNames(
  items: readonly ({ readonly name: string | undefined } | undefined)[],
  expected: string,
  at: (n: number) => Path,
): Contradiction[] {
  const seen = new Set<string>();
  return items.flatMap((item, n) => {
    const name = item?.name;
    if (name === undefined) return [];
    if (seen.has(name)) return [{ path: at(n), expected }];
    seen.add(name);
    return [];
  });
}

function initialWeight({ stages, initialWeight: weight }: NonNullable<Rollout>, at: Place): Contradiction[] {
  if (stages === undefined || weight === undefined) return [];
  const reason = 'the first stage says where a release begins';
  return [{ path: at('initialWeight'), expected: 'no initialWeight beside stages', atKey: true, reason }];
}

/** What was reached for some is not less for all: scoped stages stand apart. */
function fallingWeights({ stages }: NonNullable<Rollout>, at: Place): Contradiction[] {
  let highest = 0;
  return (stages ?? []).flatMap((stage, n): Contradiction[] => {
    const weight = stage?.weight;
    if (weight === undefined || stage?.scope === undefined || Object.keys(stage.scope).length > 0) return [];
    if (weight < highest) {
      const reason = 'weights of stages only rise: a user who has moved is not moved back';
      return [{ path: at('stages', n, 'weight'), expected: `at least ${highest / 100}%`, reason }];
    }
    highest = weight;
    return [];
  });
}

function undefinedScopes({ segments, stages }: NonNullable<Rollout>, guards: readonly Guard[], at: Place) {
  if (segments === undefined) return [];
  const scopes = [
    ...(stages ?? []).map((stage, n) => [stage?.scope, at('stages', n, 'scope')] as const),
    ...guards.map((guard, n) => [guard?.scope, at('guards', n, 'scope')] as const),
  ];
  return scopes.flatMap(([scope, path]) =>
    Object.keys(scope ?? {})
      .filter((name) => !Object.hasOwn(segments, name))
      .map((name): Contradiction => {
        return { path: [...path, name], expected: 'a segment that the rollout defines', atKey: true };
      }),
  );
}

/** What of two values each comparator measures. */
const MEASURES: Readonly<Record<string, readonly Measure[]>> = {
  number: ['difference', 'ratio'],
  class: ['flip'],
  vector: ['divergence', 'overlap'],
  ranking: ['overlap', 'tau', 'novelty', 'reference-diversity', 'candidate-diversity'],
  set: ['jaccard'],
  text: ['similarity'],
  json: ['paths'],
};

/** Kinds of which a metric of pairs is known; undefined = all. */
const KINDS: Readonly<Record<string, readonly string[] | undefined>> = {
  'pair.shift': ['number'],
  'pair.drift': ['number'],
  'pair.overlap': ['vector', 'ranking'],
};

function unknownField(guard: Guard, { prediction }: NonNullable<Rollout>, at: Place): Contradiction[] {
  if (guard === undefined) return [];
  const { what } = guard;
  if (what.metric === 'feature-fetch') {
    if (prediction !== undefined && prediction.timings?.featureFetch !== undefined) return [];
    return [{ path: at('metric'), expected: 'prediction.timings.featureFetch to be set for it' }];
  }
  if (!('field' in what)) return [];
  const fields = prediction?.fields ?? {};
  if (!Object.hasOwn(fields, what.field)) {
    const reason = Object.keys(fields).length === 0 ? 'it has none' : `it has ${Object.keys(fields).join(', ')}`;
    return [{ path: at('field'), expected: 'a field of prediction', reason }];
  }
  const [kind] = Object.keys(fields[what.field]?.compare ?? {});
  if (kind === undefined) return [];
  const kinds = KINDS[what.metric];
  if (kinds !== undefined && !kinds.includes(kind)) {
    return [
      { path: at('field'), expected: `a field compared as ${kinds.join(', ')}`, reason: `it is compared as ${kind}` },
    ];
  }
  if (what.metric !== 'pair.difference' || MEASURES[kind]?.includes(what.measure)) return [];
  return [{ path: at('measure'), expected: `${MEASURES[kind]?.join(' or ')}, which ${kind} measures` }];
}

function netWithoutTwin(guard: Guard, { stable, shadows }: NonNullable<Rollout>, at: Place): Contradiction[] {
  const isNet = guard !== undefined && guard.what.metric === 'pair.agreement' && guard.what.net;
  const version = stable?.version;
  if (!isNet || version === undefined || shadows === undefined) return [];
  if (shadows.some((shadow) => shadow === undefined || shadow.version === undefined || shadow.version === version))
    return [];
  return [{ path: at('net'), expected: 'a shadow of the stable version for it', reason: `none runs ${version}` }];
}

function wrongScope(guard: Guard, at: Place): Contradiction[] {
  const names = Object.keys(guard?.scope ?? {});
  if (guard === undefined || names.length === 0) return [];
  const each = names.find((name) => guard.scope[name] === 'each');
  return [
    ...(names.length > 1
      ? [{ path: at('scope'), expected: 'one segment', reason: 'each segment is counted on its own' }]
      : []),
    ...(each !== undefined && (guard.action === 'rollback' || guard.action === 'block')
      ? [
          {
            path: at('action'),
            expected: `pause or alert with a scope of each ${each}`,
            reason: 'of many segments one always looks bad',
          },
        ]
      : []),
  ];
}

/** A guard that stops a release may err: together they may not err often. */
function budget(guards: readonly Guard[], at: Place): Contradiction[] {
  const { sum, max, parts, fault } = alphaBudgetOf(guards.filter((guard) => guard !== undefined));
  if (fault === undefined) return [];
  const list = parts.map(({ guard, alpha }) => `${guard} ${alpha}`).join(' + ');
  const reason = `${list} = ${sum}: so often may a healthy release be stopped`;
  return [{ path: at('guards'), expected: `guards whose alphas sum to at most ${max}`, reason }];
}
