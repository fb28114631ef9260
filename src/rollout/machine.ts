/**
 * The stage machine: what one closed block makes of a release. Pure: no clock, no randomness; the same history gives the same
 * end. In this order: harm rolls back, what pauses pauses, silence holds and then pauses, and only then is a stage over.
 */
import { NO_DATA_MS } from '../guards/decide.ts';
import { printedMs } from '../guards/numbers.ts';
import { isJudge, isPromoting, moves } from '../guards/promoting.ts';
import type { StageSpec } from '../guards/spec.ts';
import type { Verdict } from '../guards/verdict.ts';
import type { Phase } from '../routing/snapshot.ts';
import { guardKey } from './guard-table.ts';
import { addSeen, FRESH_HOLD, type Hold, type Seen } from './hold.ts';
import type { Move } from './move.ts';
import type { Plan } from './spec.ts';
import { highestOf, phaseAt, placeOf, printedStage } from './stages.ts';
import type { Cause, RolloutState } from './store.ts';

/** A closed block, and what every guard says after it. */
export interface Look {
  readonly seen: Seen;
  readonly verdicts: readonly Verdict[];
}

export interface Looked {
  readonly hold: Hold;
  /** Guards that began to fail, or no longer do. */
  readonly notes: readonly { readonly kind: 'guard-failed' | 'guard-cleared'; readonly reason: string }[];
  readonly move: Move | undefined;
}

/** A stage's time goes on. */
const RUNNING: ReadonlySet<Phase> = new Set(['shadowing', 'baking', 'extended', 'holdback'] as const);
/** Nothing a guard says matters any more. */
const OVER: ReadonlySet<Phase> = new Set(['idle', 'rolling-back', 'rolled-back', 'completed'] as const);

export function lookAt(plan: Plan, state: RolloutState, { seen, verdicts }: Look): Looked {
  const live = verdicts.filter(({ dryRun }) => !dryRun);
  const failing = live.filter(({ status }) => status === 'fail').map(guardKey);
  const extendedMs = state.hold.extendedMs + (state.phase === 'extended' ? seen.durationMs : 0);
  const hold: Hold = {
    ...(RUNNING.has(state.phase) ? addSeen(state.hold, seen) : state.hold),
    unseenMs: unseenAfter(state, seen),
    extendedMs,
    failing,
    accepted: state.hold.accepted.filter((key) => failing.includes(key)),
  };
  return { hold, notes: notesOf(state.hold.failing, live), move: moveOf(plan, { ...state, hold }, live) };
}

function unseenAfter({ phase, cause, hold }: RolloutState, seen: Seen): number {
  if (seen.covered && seen.present) return 0;
  const isCounted = RUNNING.has(phase) || cause === 'no-data';
  return hold.unseenMs + (isCounted ? seen.durationMs : 0);
}

/** One for each guard: of many segment values that fail together the first is said, and how many there are. */
function notesOf(before: readonly string[], live: readonly Verdict[]): Looked['notes'] {
  const failed = live.filter((verdict) => verdict.status === 'fail' && !before.includes(guardKey(verdict)));
  const cleared = live.filter((verdict) => verdict.status !== 'fail' && before.includes(guardKey(verdict)));
  return [...noted('guard-failed', failed), ...noted('guard-cleared', cleared)];
}

function noted(kind: Looked['notes'][number]['kind'], verdicts: readonly Verdict[]): Looked['notes'] {
  return [...new Set(verdicts.map(({ guard }) => guard))].flatMap((guard) => {
    const [first, ...others] = verdicts.filter((verdict) => verdict.guard === guard);
    if (first === undefined) return [];
    return [{ kind, reason: others.length === 0 ? said(first) : `${said(first)}; and ${others.length} more` }];
  });
}

function moveOf(plan: Plan, state: RolloutState, live: readonly Verdict[]): Move | undefined {
  const { phase, cause, hold } = state;
  const harm = harmOf(state, live);
  if (harm !== undefined) return harm;
  if (OVER.has(phase)) return undefined;
  const waitsForUs = phase === 'paused' && (cause === 'no-data' || cause === 'approval');
  if (!RUNNING.has(phase) && !waitsForUs) return undefined;
  const at = placeOf(plan.stages, state);
  const stage = plan.stages[at];
  if (stage === undefined) return paused('plan-changed', `stage ${state.stage} is no longer in the plan`);

  const stop = live.find(
    (verdict) => verdict.status === 'fail' && verdict.action === 'pause' && !hold.accepted.includes(guardKey(verdict)),
  );
  if (stop !== undefined) return paused('guard', said(stop));
  const silence = silenceOf(stage, hold, live);
  if (silence !== undefined) return cause === 'no-data' ? undefined : paused('no-data', silence);
  const isTimeOver = hold.coveredMs >= stage.hold.timeMs;
  if (cause === 'no-data') {
    const back = hold.extendedMs > 0 ? 'extended' : phaseAt(plan.stages, at, state.reached);
    return { kind: 'resumed', phase: back, cause: 'plan', reason: 'there is data again' };
  }
  const isLast = at === plan.stages.length - 1;
  if (cause === 'approval' && (isLast || stage.approve === 'automatic')) {
    const reason = 'the plan no longer asks for approval';
    return { kind: 'resumed', phase: phaseAt(plan.stages, at, state.reached), cause: 'plan', reason };
  }
  if (isLast) return undefined;

  const [wait] = waitsOf(plan, stage, hold, live);
  // nor is a stage left in a block that shows nothing
  if (wait === undefined) return hold.silentMs === 0 ? over(plan, state, stage, at) : undefined;
  if (cause === 'approval') return { kind: 'extended', phase: 'extended', cause: 'plan', reason: wait };
  const isHeld = isTimeOver && (stage.hold.timeMs > 0 || lacks(stage, hold).length === 0);
  if (isHeld && phase !== 'extended') return { kind: 'extended', phase: 'extended', cause: 'plan', reason: wait };
  if (phase === 'extended' && hold.extendedMs >= stage.hold.atMostMs) {
    return paused('overdue', `not promoted within ${printedMs(stage.hold.atMostMs)} beyond its time: ${wait}`);
  }
  return undefined;
}

/** What there is nothing of to go by; undefined: there is. A stage's scope may have no traffic where guards see others'. */
function silenceOf(stage: StageSpec, { unseenMs }: Hold, live: readonly Verdict[]): string | undefined {
  const silent = live.find(({ status, action }) => status === 'no-data' && action !== 'alert');
  if (silent !== undefined) return said(silent);
  return unseenMs >= NO_DATA_MS
    ? `nothing of stage ${stage.name} (${printedStage(stage)}) was seen for ${printedMs(unseenMs)}`
    : undefined;
}

/** The rollback that `verdicts` ask for; undefined: none does. */
export function harmOf(state: RolloutState, verdicts: readonly Verdict[]): Move | undefined {
  if (OVER.has(state.phase)) return undefined;
  const harm = verdicts.find((verdict) => !verdict.dryRun && isHarm(verdict, state));
  return harm && rollback('guard', said(harm));
}

/** At weight 0 nobody is on canary: what users are answered is stable's, and by hand there is nothing to roll back from. */
function isHarm({ status, action, subject }: Verdict, state: RolloutState): boolean {
  if (status !== 'fail' || action !== 'rollback') return false;
  return highestOf(state) > 0 || (RUNNING.has(state.phase) && subject === 'pairs');
}

function over(plan: Plan, state: RolloutState, stage: StageSpec, at: number): Move | undefined {
  const { coveredMs, pairs, requests } = state.hold;
  const held = `${stage.name} held for ${printedMs(coveredMs)}, ${pairs} pairs and ${requests} answers of canary`;
  if (stage.approve === 'automatic') return promotion(plan, state, at + 1, `${held}; every guard lets it pass`);
  if (state.phase === 'paused') return undefined;
  return paused('approval', `${held}; no guard objects: a person has to agree`);
}

/** To stage `to` of the plan, and past those between. */
export function promotion(plan: Plan, state: RolloutState, to: number, reason: string): Move {
  const next = plan.stages[to];
  if (next === undefined) throw new RangeError(`there is no stage ${to}`);
  const passed = plan.stages.slice(placeOf(plan.stages, state) + 1, to + 1);
  const reached = [...state.reached, ...passed.map(({ weightBp, scope }) => ({ weightBp, scope }))];
  return {
    kind: 'promoted',
    reason: `to ${next.name} (${printedStage(next)}): ${reason}`,
    phase: phaseAt(plan.stages, to, reached),
    cause: 'plan',
    stage: next.name,
    reached,
    hold: { ...FRESH_HOLD, failing: state.hold.failing, accepted: state.hold.accepted },
  };
}

/** Everybody to stable, for good; shadows go on, so that the cause can be seen. */
export function rollback(cause: 'guard' | 'breaker' | 'abort', reason: string): Move {
  return { kind: 'rollback-started', phase: 'rolling-back', cause, reason, weightBp: 0 };
}

export function paused(cause: Cause, reason: string): Move {
  return { kind: 'paused', phase: 'paused', cause, reason };
}

/** Why `stage` is not over, one sentence each; empty: it is. What has to be done comes before what only takes time. */
export function waitsOf(plan: Plan, stage: StageSpec, hold: Hold, verdicts: readonly Verdict[]): readonly string[] {
  return [...heldBy(plan, stage, verdicts), ...lacks(stage, hold), ...timeLeft(stage, hold)];
}

/** What fails is said before what cannot be told yet. */
function heldBy(plan: Plan, stage: StageSpec, verdicts: readonly Verdict[]): string[] {
  const of = (guard: string) => verdicts.filter((verdict) => verdict.guard === guard);
  const moving = plan.guards.filter(moves);
  const saying = (...statuses: readonly Verdict['status'][]) =>
    moving.flatMap(({ name }) =>
      of(name)
        .filter(({ status }) => statuses.includes(status))
        .map(said),
    );
  const promoting = moving.filter(isPromoting);
  const unproven = promoting.flatMap(({ name }) => {
    const held = of(name).filter(({ status }) => status === 'hold');
    return of(name).length === 0 ? [`${name}: not judged yet`] : held.map(said);
  });
  const waits = [...saying('fail'), ...saying('no-data'), ...unproven];
  const passes = plan.guards.filter(isJudge).some(({ name }) => of(name).some(({ status }) => status === 'pass'));
  if (waits.length > 0 || passes || stage.approve === 'required') return waits;
  return ['no guard that judges is applicable'];
}

function lacks({ hold: wanted }: StageSpec, hold: Hold): string[] {
  return (['pairs', 'requests'] as const)
    .filter((what) => hold[what] < wanted[what])
    .map((what) => {
      const noun = what === 'pairs' ? 'pairs' : 'answers of canary';
      const least = leastOf(hold, what);
      return `${hold[what]} of ${wanted[what]} ${noun}${least === undefined ? '' : ` in ${least}`}`;
    });
}

/** The value of the scope that is furthest behind. */
function leastOf({ byValue }: Hold, what: 'pairs' | 'requests'): string | undefined {
  return Object.entries(byValue).sort(([, one], [, other]) => one[what] - other[what])[0]?.[0];
}

function timeLeft({ hold: { timeMs } }: StageSpec, { coveredMs }: Hold): string[] {
  return coveredMs >= timeMs ? [] : [`${printedMs(coveredMs)} of ${printedMs(timeMs)} held`];
}

function said({ guard, segment, sentence }: Verdict): string {
  return `${guardKey({ guard, segment })}: ${sentence}`;
}
