import { emptyArm } from '../../../src/evidence/merge.ts';
import { add } from '../../../src/evidence/sketch.ts';
import type { Cell, ClosedBlock, RolloutSeen } from '../../../src/evidence/sums.ts';
import type { Judged, SeenBlock } from '../../../src/guards/judge.ts';
import type { GuardSpec } from '../../../src/guards/spec.ts';
import type { Verdict } from '../../../src/guards/verdict.ts';
import type { Judge } from '../../../src/judging/judge.ts';
import { createJudging } from '../../../src/judging/loop.ts';
import type { JudgedView, Sources, Stepped } from '../../../src/judging/step.ts';
import type { EvidenceStore } from '../../../src/judging/store.ts';
import { openStore } from '../../../src/store/sqlite.ts';

export function guardOf(changes: Partial<GuardSpec> = {}): GuardSpec {
  return {
    name: 'p95',
    what: { metric: 'latency', quantile: 0.95 },
    threshold: { kind: 'max', value: 50 },
    forMs: 0,
    clear: undefined,
    windowMs: 60_000,
    minN: 1,
    missing: 'hold',
    evidence: 'none',
    alpha: 0.01,
    warmUpMs: 0,
    action: 'alert',
    promote: 'shown',
    dryRun: false,
    scope: {},
    ...changes,
  };
}

export function viewOf(changes: Partial<JudgedView> = {}): JudgedView {
  return {
    name: 'ranker',
    release: 'r1',
    revision: 7,
    weightBp: 500,
    stable: { cluster: 'v1', version: '1' },
    canary: { cluster: 'v2', version: '2' },
    shadows: [{ name: 'candidate', cluster: 'v2-shadow', version: '2' }],
    guards: [guardOf()],
    ...changes,
  };
}

/** What a judge was shown, summed so that any bit that is another shows. */
export interface Tally {
  readonly guards: readonly string[];
  blocks: number;
  covered: number;
  coveredMs: number;
  uncoveredMs: number;
  requests: number;
  /** Of latencies; its value depends on the order they are added in. */
  sum: number;
  canary: number;
  stable: number;
  elsewhere: number;
  ages: (number | null)[];
}

const NONE = { blocks: 0, covered: 0, coveredMs: 0, uncoveredMs: 0, requests: 0, sum: 0 };

/** A judge that only adds up. */
export const tallyJudge: Judge<Tally> = {
  format: 1,
  start: ({ guards }: Judged) => ({
    ...NONE,
    guards: guards.map(({ name }) => name),
    ...{ canary: 0, stable: 0, elsewhere: 0, ages: [] },
  }),
  adopt: (state, { guards }) => ({ ...state, guards: guards.map(({ name }) => name) }),
  step(state, { covered, durationMs, cells, assigned, delivered, weightChangedMsAgo }: SeenBlock) {
    state.blocks++;
    if (covered) state.covered++;
    if (covered) state.coveredMs += durationMs;
    else state.uncoveredMs += durationMs;
    for (const cell of cells) {
      if (!('arm' in cell) || cell.key.segment !== '') continue;
      state.requests += cell.arm.requests;
      state.sum += cell.arm.latency.sum / 3;
      for (const [bin, count] of cell.arm.latency.positive) state.sum = state.sum * 1.000_001 + bin * count * 0.1;
    }
    for (const { canary, stable } of assigned) {
      state.canary += canary;
      state.stable += stable;
    }
    state.elsewhere += delivered.elsewhere;
    state.ages = [...state.ages, weightChangedMsAgo ?? null].slice(-5);
    return state;
  },
  verdicts: (state) => [verdictOf({ n: state.requests })],
};

export function verdictOf(changes: Partial<Verdict> = {}): Verdict {
  return {
    guard: 'p95',
    metric: 'latency',
    status: 'pass',
    subject: 'users',
    segment: '',
    value: 1,
    lower: undefined,
    upper: undefined,
    threshold: 50,
    unit: 'ms',
    n: 0,
    eValue: undefined,
    windowMs: 0,
    sinceMs: 0,
    needs: undefined,
    action: 'alert',
    dryRun: false,
    sentence: 'p95 1 ms',
    ...changes,
  };
}

export function cellOf(latencies: readonly number[], key: Partial<Cell['key']> = {}): Cell {
  const arm = emptyArm();
  for (const latency of latencies) {
    arm.requests++;
    add(arm.latency, latency);
  }
  return {
    key: {
      ...{ rollout: 'ranker', release: 'r1', weightBp: 500, arm: 'stable', shadow: '', segment: '', segmentValue: '' },
      ...key,
    } as Cell['key'],
    arm,
  };
}

export function seenOf(changes: Partial<RolloutSeen> = {}): RolloutSeen {
  return {
    ...{ rollout: 'ranker', release: 'r1', decisions: 0, elsewhere: 0, matched: 0, unmatched: 0, units: [] },
    ...changes,
  };
}

export function blockOf(
  id: ClosedBlock['id'],
  latencies: readonly number[] = [10],
  changes: Partial<ClosedBlock> = {},
): ClosedBlock {
  return { id, startMs: 0, durationMs: 10_000, cells: [cellOf(latencies)], seen: [seenOf()], ...changes };
}

/** A loop over `store`, its clocks at hand, and what it counted. */
export function judgingOver(
  store: EvidenceStore = openStore(':memory:'),
  {
    views = [viewOf()],
    judge = tallyJudge,
    sources,
  }: { views?: JudgedView[]; judge?: Judge<Tally>; sources?: Sources } = {},
) {
  const counted: Record<string, number> = {};
  const lines: string[] = [];
  const looked: Stepped[] = [];
  const unstored: Stepped[] = [];
  const stage = { views, nowMs: 0, wallMs: 1_700_000_000_000, onJudged: (_: Stepped) => {} };
  const judging = createJudging({
    store,
    judge,
    views: () => stage.views,
    ...(sources && { sources }),
    onJudged: (stepped) => {
      looked.push(stepped);
      stage.onJudged(stepped);
    },
    onUnstored: (stepped) => unstored.push(stepped),
    count: (name) => {
      counted[name] = (counted[name] ?? 0) + 1;
    },
    log: (line) => lines.push(line),
    nowMs: () => stage.nowMs,
    wallMs: () => stage.wallMs,
  });
  let sequence = 0;
  const own = store.sidecarId();
  return Object.assign(stage, {
    judging,
    store,
    counted,
    lines,
    looked,
    unstored,
    /** Ten seconds pass, and the next block of our own comes. */
    next(latencies: readonly number[] = [10], changes: Partial<ClosedBlock> = {}) {
      stage.nowMs += 10_000;
      stage.wallMs += 10_000;
      const id = { sidecar: own, thread: 'thread', sequence: sequence++ };
      return judging.takeBlock(blockOf(id, latencies, { startMs: stage.wallMs - 10_000, ...changes }));
    },
    tally: (rollout = 'ranker'): Tally => JSON.parse(stateOf(store, rollout)),
  });
}

export function stateOf(store: EvidenceStore, rollout = 'ranker'): string {
  return store.judges().find((row) => row.rollout === rollout)?.state ?? '';
}
