/** Blocks, guards and a method that says what it is told, for tests of the judge. */
import { emptyArm, emptyPair } from '../../../src/evidence/merge.ts';
import type { Cell, CellKey } from '../../../src/evidence/sums.ts';
import type { Finding, GuardMethod } from '../../../src/guards/input.ts';
import type { MethodOf } from '../../../src/guards/judge-guard.ts';
import type { GuardSpec } from '../../../src/guards/spec.ts';
import type { Judged, JudgeState, SeenBlock } from '../../../src/guards/state.ts';
import { newState, step } from '../../../src/guards/step.ts';
import type { Verdict } from '../../../src/guards/verdict.ts';

export const BLOCK_MS = 10_000;

export function guardOf(changes: Partial<GuardSpec> = {}): GuardSpec {
  return {
    name: 'errors',
    what: { metric: 'error-rate' },
    threshold: { kind: 'max', value: 0.1 },
    forMs: 0,
    clear: undefined,
    windowMs: 10_000,
    minN: 1,
    missing: 'hold',
    evidence: 'none',
    alpha: 0.01,
    warmUpMs: 120_000,
    action: 'rollback',
    promote: 'shown',
    dryRun: false,
    scope: {},
    ...changes,
  };
}

export function judgedOf(guards: readonly GuardSpec[], changes: Partial<Judged> = {}): Judged {
  return { rollout: 'ranker', release: 'r1', guards, candidateShadow: 'candidate', canaryVersion: '2.0.0', ...changes };
}

const KEY: CellKey = {
  rollout: 'ranker',
  release: 'r1',
  weightBp: 500,
  arm: 'canary',
  shadow: '',
  segment: '',
  segmentValue: '',
};

export function armCell(requests: number, errors: number, key: Partial<CellKey> = {}): Cell {
  const arm = { ...emptyArm(), requests, errors: errors > 0 ? { 'http-5xx': errors } : {} };
  return { key: { ...KEY, ...key }, arm };
}

export function pairCell(pairs: number, errors: number, key: Partial<CellKey> = {}): Cell {
  const empty = emptyPair();
  const pair = { ...empty, pairs, candidate: { ...empty.candidate, errors: errors > 0 ? { 'http-5xx': errors } : {} } };
  return { key: { ...KEY, weightBp: 0, arm: 'stable', shadow: 'candidate', ...key }, pair };
}

export function seenOf(cells: readonly Cell[], changes: Partial<SeenBlock> = {}): SeenBlock {
  return {
    startMs: 1_000_000,
    durationMs: BLOCK_MS,
    covered: true,
    weightBp: 500,
    weightChangedMsAgo: undefined,
    cells,
    outcomes: {},
    samples: {},
    assigned: [],
    delivered: { decisions: 0, elsewhere: 0 },
    ...changes,
  };
}

const NOTHING: Finding = {
  value: undefined,
  lower: undefined,
  upper: undefined,
  n: 0,
  eValue: undefined,
  shown: undefined,
  windowMs: 0,
  needs: undefined,
};

/** Requests and errors of whom a guard looks at, added up; evidence is what `find` makes of them. */
export function countingMethod(find: (n: number, k: number, spec: GuardSpec) => Partial<Finding> = () => ({})) {
  type State = { n: number; k: number };
  const method: GuardMethod<State> = {
    sums: (spec, input) => {
      if (spec.what.metric === 'prometheus') return input.sample === undefined ? undefined : { n: 1, k: input.sample };
      const [n, k] = [
        ...input.arms.map(({ canary, stable }) => canary ?? stable),
        ...input.pairs.map(({ pair }) => ({ requests: pair.pairs, errors: pair.candidate.errors })),
      ].reduce(([n, k], sums) => [n + (sums?.requests ?? 0), k + (sums?.errors['http-5xx'] ?? 0)], [0, 0]);
      return n === 0 ? undefined : { n, k };
    },
    read: ({ threshold }, { n = 0, k = 0 }) => {
      const limit = 'value' in threshold ? threshold.value : Infinity;
      const value = k / n;
      return { value, n, broken: threshold.kind === 'min' ? value < limit : value > limit };
    },
    start: () => ({ n: 0, k: 0 }),
    step: (spec, state, input) => {
      const sums = input.covered && !input.warmingUp ? method.sums(spec, input) : undefined;
      return { n: state.n + (sums?.n ?? 0), k: state.k + (sums?.k ?? 0) };
    },
    find: (spec, { n, k }) => ({ ...NOTHING, n, value: n > 0 ? k / n : undefined, ...find(n, k, spec) }),
  };
  return method as GuardMethod<unknown>;
}

/** Steps a judge through blocks, one after the other. */
export function run(
  judged: Judged,
  blocks: readonly SeenBlock[],
  methodOf: MethodOf = () => countingMethod(),
): JudgeState {
  let state = newState(judged);
  for (const [at, block] of blocks.entries()) {
    state = step(methodOf, state, { ...block, startMs: block.startMs + at * BLOCK_MS });
  }
  return state;
}

export function only({ verdicts }: JudgeState): Verdict {
  const [verdict] = verdicts;
  if (verdict === undefined || verdicts.length > 1) throw new Error(`expected one verdict, found ${verdicts.length}`);
  return verdict;
}

export function times<T>(count: number, one: T): T[] {
  return new Array<T>(count).fill(one);
}
