/** One step of every judge, in one transaction: which blocks were merged, what was seen, and the state it led to. */
import type { ClosedBlock } from '../evidence/sums.ts';
import type { RipeUnits } from '../guards/input.ts';
import type { Judged, SeenBlock } from '../guards/judge.ts';
import type { GuardSpec } from '../guards/spec.ts';
import type { Verdict } from '../guards/verdict.ts';
import type { Version } from '../routing/snapshot.ts';
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
  readonly shadows: readonly (Version & { readonly name: string })[];
  /** Undefined or empty: it is not judged. */
  readonly guards?: readonly GuardSpec[];
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
}

export interface Stepped {
  readonly row: JudgeRow;
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
  const guarded = views.filter(({ guards = [] }) => guards.length > 0);
  const stepped = guarded.map((view) => {
    const held = rows.get(view.name);
    const goesOn = held?.release === view.release && held.format === judge.format;
    return stepOne(view, goesOn ? held : undefined);
  });
  writes.keepOnly(guarded.map(({ name }) => name));
  return stepped;

  function stepOne(view: JudgedView, held: JudgeRow | undefined): Stepped {
    const { name: rollout, release, revision, weightBp, guards = [] } = view;
    const { startMs, durationMs, gap } = step;
    const judged = judgedOf(view, guards);
    const own = seenOfRelease(blocks, { name: rollout, release, guards });
    const { units, level } = writes.newUnits(rollout, release, own.units, held?.unitLevel ?? 0);
    const weightAgeMs = ageOf(held, weightBp, durationMs);
    const text = seenToText({
      startMs,
      durationMs,
      covered: isWhole && isWellMatched(own),
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
    const seen = isSmall ? text : seenToText({ ...seenFromText(text), cells: [] });
    writes.addStep({ rollout, release, revision, blocks: ids, seen });
    return { row, verdicts: next.verdicts, failure: next.failure };
  }
}

/** From the stored text to the text to store: what is in memory only can be no part of it. */
function judgeOnce<State>(judge: Judge<State>, held: JudgeRow | undefined, judged: Judged, seen: SeenBlock) {
  const text = JSON.stringify(judged);
  try {
    const state = JSON.stringify(judge.step(stateOf(judge, held, judged), seen));
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

function stateOf<State>(judge: Judge<State>, held: JudgeRow | undefined, judged: Judged): State {
  if (held === undefined) return judge.start(judged);
  const state: State = JSON.parse(held.state);
  return held.judged === JSON.stringify(judged) ? state : judge.adopt(state, judged);
}

/** How long the weight has been what it is; undefined while it is the one it was first seen with. */
function ageOf(held: JudgeRow | undefined, weightBp: number, durationMs: number): number | undefined {
  if (held === undefined) return undefined;
  if (held.weightBp !== weightBp) return 0;
  return held.weightAgeMs === undefined ? undefined : held.weightAgeMs + durationMs;
}

function judgedOf({ name, release, stable, canary, shadows }: JudgedView, guards: readonly GuardSpec[]): Judged {
  const running = (version: string) => shadows.find((shadow) => shadow.version === version)?.name;
  const ofStable = running(stable.version);
  return {
    rollout: name,
    release,
    guards,
    candidateShadow: running(canary.version),
    twinShadow: ofStable,
    // a shadow of the stable version gets copies of what canary answers, too
    mirrorBackShadow: ofStable,
    canaryVersion: canary.version,
  };
}
