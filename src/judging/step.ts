/** One step of every judge, in one transaction: which blocks were merged, what was seen, and the state it led to. */
import type { ClosedBlock } from '../evidence/sums.ts';
import type { RipeUnits } from '../guards/input.ts';
import type { Judged, SeenBlock } from '../guards/judge.ts';
import type { GuardSpec, StageSpec } from '../guards/spec.ts';
import type { Verdict } from '../guards/verdict.ts';
import { shadowsOf } from '../plan/rollout.ts';
import type { PredictionSpec } from '../prediction/spec.ts';
import type { Seen } from '../rollout/hold.ts';
import { seenOf } from '../rollout/seen.ts';
import type { ShadowKind, Version } from '../routing/snapshot.ts';
import type { Judge } from './judge.ts';
import { assignedOf, isWellMatched, seenFromText, seenOfRelease, seenToText } from './seen-block.ts';
import type { JudgeRow, StepWrites } from './store.ts';

/** A rollout as far as it is judged. */
export interface JudgedView {
  readonly name: string;
  readonly release: string;
  readonly revision: number;
  /** Basis points. */
  readonly weightBp: number;
  readonly stable: Version;
  readonly canary: Version;
  readonly shadows: readonly (Version & ShadowKind & { readonly name: string })[];
  readonly prediction?: PredictionSpec | undefined;
  /** Without guards and without stages it is not judged. */
  readonly guards?: readonly GuardSpec[];
  readonly stages?: readonly StageSpec[];
  /** Name of the stage it is at. */
  readonly stage?: string | undefined;
}

export function isJudged({ guards = [], stages = [] }: Pick<JudgedView, 'guards' | 'stages'>): boolean {
  return guards.length > 0 || stages.length > 0;
}

/** What guards look at beside blocks. */
export interface Sources {
  /** Newest answers of metrics sources since the last step, by guard. */
  samples(rollout: string): Readonly<Record<string, number | undefined>>;
  /**
   * Called inside the transaction of a step: what is newly ripe, by outcome; whoever keeps outcomes in the same store notes in
   * it that they were given, so that they are given once.
   */
  ripe(rollout: string, release: string): Readonly<Record<string, readonly RipeUnits[]>>;
}

export const NO_SOURCES: Sources = { samples: () => ({}), ripe: () => ({}) };

/** A stretch of time: of blocks, or in which nothing was seen because nobody looked. */
export interface Step {
  /** The first is our own: what is missing before it is a step of its own. */
  readonly blocks: readonly ClosedBlock[];
  /** Wall time of its start; a label. */
  readonly startMs: number;
  readonly durationMs: number;
  /** Undefined: it is no gap. `ms`: how long that was, for people. `begins`: it does not go on from the step before. */
  readonly gap: { readonly ms: number; readonly begins: boolean } | undefined;
  /** Revision of each rollout when it began: what is of before a change holds nothing for the stage after it. */
  readonly since: ReadonlyMap<string, number>;
}

export interface Stepped {
  readonly row: JudgeRow;
  /** What the step was for the rollout's stage. */
  readonly seen: Seen;
  /** Empty when the judge failed. */
  readonly verdicts: readonly Verdict[];
  /** The judge threw: its state is as before. */
  readonly failure: Error | undefined;
}

/** Of a step's text; a larger one is judged, and stored without its cells. */
const MAX_TEXT = 2 ** 20;

/** Undefined when every block of the step was taken before. Throws what the store throws. */
export function takeStep<State>(
  writes: StepWrites,
  step: Step,
  parts: {
    readonly views: readonly JudgedView[];
    readonly rows: ReadonlyMap<string, JudgeRow>;
    readonly judge: Judge<State>;
    readonly sources: Sources;
    readonly count: (name: 'judging.blocks-known' | 'judging.steps-trimmed') => void;
  },
): Stepped[] | undefined {
  const { views, rows, judge, sources, count } = parts;
  const taken = step.blocks.map((block) => ({ block, as: writes.takeBlock(block.id) }));
  for (const { as } of taken) if (as === 'known') count('judging.blocks-known');
  const blocks = taken.flatMap(({ block, as }) => (as === 'known' ? [] : [block]));
  if (step.blocks.length > 0 && blocks.length === 0) return undefined;
  const isWhole = step.gap === undefined && taken.slice(1).every(({ as }) => as !== 'hole');
  const guarded = views.filter(isJudged);
  const stepped = guarded.map((view) => {
    const held = rows.get(view.name);
    const goesOn = held?.release === view.release && held.format === judge.format;
    return stepOne(view, goesOn ? held : undefined);
  });
  writes.keepOnly(guarded.map(({ name }) => name));
  return stepped;

  function stepOne(view: JudgedView, held: JudgeRow | undefined): Stepped {
    const { name: rollout, release, revision, weightBp, guards = [], stages = [] } = view;
    const { scope = {} } = stages.find(({ name }) => name === view.stage) ?? {};
    const { startMs, durationMs, gap } = step;
    const judged = judgedOf(view, guards);
    const own = seenOfRelease(blocks, {
      name: rollout,
      release,
      scopes: [...guards.map((guard) => guard.scope), scope],
    });
    const { units, level } = writes.newUnits(rollout, release, own.units, held?.unitLevel ?? 0);
    const weightAgeMs = ageOf(held, weightBp, durationMs);
    const covered = isWhole && isWellMatched(own);
    const text = seenToText({
      startMs,
      durationMs,
      covered,
      weightBp,
      weightChangedMsAgo: weightAgeMs,
      cells: own.cells,
      outcomes: sources.ripe(rollout, release),
      samples: sources.samples(rollout),
      assigned: assignedOf(units),
      delivered: { decisions: own.decisions, elsewhere: own.elsewhere },
    });
    const next = judgeOnce(judge, held, judged, seenFromText(text));
    const gaps = held?.gaps ?? { count: 0, ms: 0 };
    const row: JudgeRow = {
      rollout,
      release,
      format: judge.format,
      state: next.state,
      judged: next.judged,
      weightBp,
      weightAgeMs,
      untilMs: startMs + durationMs,
      gaps:
        gap === undefined || held === undefined
          ? gaps
          : { count: gaps.count + (gap.begins ? 1 : 0), ms: gaps.ms + gap.ms },
      unitLevel: level,
    };
    writes.putJudge(row);
    const isSmall = text.length <= MAX_TEXT;
    if (!isSmall) count('judging.steps-trimmed');
    const ids = blocks.map(({ id }) => id);
    const stored = isSmall ? text : seenToText({ ...seenFromText(text), cells: [] });
    writes.addStep({ rollout, release, revision, blocks: ids, seen: stored });
    const isOfNow = step.since.get(rollout) === revision;
    const shown = isOfNow ? { cells: own.cells, durationMs, covered } : { cells: [], durationMs, covered: false };
    const seen = seenOf({ ...judged, weightBp, scope }, shown);
    return { row, seen, verdicts: next.verdicts, failure: next.failure };
  }
}

/** From the stored text to the text to store: what is in memory only can be no part of it. */
function judgeOnce<State>(judge: Judge<State>, held: JudgeRow | undefined, judged: Judged, seen: SeenBlock) {
  const text = JSON.stringify(judged);
  try {
    const state = JSON.stringify(judge.step(stateOf(judge, held, judged, text), seen));
    return { state, judged: text, verdicts: judge.verdicts(JSON.parse(state)), failure: undefined };
  } catch (error) {
    // a mistake of ours in one judge must cost neither the others their block nor this one its past
    const failure = error instanceof Error ? error : new Error(String(error));
    return {
      state: held?.state ?? JSON.stringify(judge.start(judged)),
      judged: held?.judged ?? text,
      verdicts: [],
      failure,
    };
  }
}

/** `text`: of `judged`. */
function stateOf<State>(judge: Judge<State>, held: JudgeRow | undefined, judged: Judged, text: string): State {
  if (held === undefined) return judge.start(judged);
  const state: State = JSON.parse(held.state);
  return held.judged === text ? state : judge.adopt(state, judged);
}

/** How long the weight has been what it is; undefined while it is the one it was first seen with. */
function ageOf(held: JudgeRow | undefined, weightBp: number, durationMs: number): number | undefined {
  if (held === undefined) return undefined;
  if (held.weightBp !== weightBp) return 0;
  return held.weightAgeMs === undefined ? undefined : held.weightAgeMs + durationMs;
}

function judgedOf(view: JudgedView, guards: readonly GuardSpec[]): Judged {
  const compared = comparedBy(guards, view.prediction);
  return { rollout: view.name, release: view.release, guards, compared, ...shadowsOf(view) };
}

function comparedBy(guards: readonly GuardSpec[], prediction: PredictionSpec | undefined): Record<string, string> {
  if (prediction === undefined) return {};
  const { preset, batch, fields } = prediction;
  const named = new Set(guards.map(({ what }) => ('field' in what ? what.field : undefined)));
  return Object.fromEntries(
    fields.flatMap((field) => (named.has(field.name) ? [[field.name, JSON.stringify({ preset, batch, field })]] : [])),
  );
}
