/**
 * The loop: closed blocks in, verdicts out. What a verdict rests on is stored, in one transaction with the state it led to and
 * with the ids of its blocks, before anybody is told. So a kill loses the block that is open and nothing else, and no block
 * counts twice. Time is passed in.
 */
import type { ClosedBlock } from '../evidence/sums.ts';
import type { Judge } from './judge.ts';
import { createPublished } from './published.ts';
import { isJudged, type JudgedView, NO_SOURCES, type Sources, type Step, type Stepped, takeStep } from './step.ts';
import type { EvidenceStore } from './store.ts';
import { createUnstored } from './unstored.ts';
import type { Verdicts } from './verdicts.ts';

/**
 * `gaps`: stretches of time nothing is known of; `store-failed`: tries to store a step that failed; `blocks-known`: blocks that
 * were merged before; `blocks-dropped`: given up because too many waited for the store; `steps-trimmed`: stored without their
 * cells, which are too many; `failed`: steps in which a judge failed, a mistake of ours.
 */
export type JudgingCounter =
  | 'judging.gaps'
  | 'judging.store-failed'
  | 'judging.blocks-known'
  | 'judging.blocks-dropped'
  | 'judging.steps-trimmed'
  | 'judging.failed';

/** `stored`: on disk and in the verdicts; `known`: it was before; `refused`: it is not, deliver it again. */
export type Taken = 'stored' | 'known' | 'refused';

export interface Judging {
  /**
   * A block this sidecar's observing thread closed, or one of another sidecar. Time goes on by our own blocks; others are
   * merged with the next of ours. Never rejects.
   */
  takeBlock(block: ClosedBlock): Promise<Taken>;
  /** To be called each second: notices that nobody observes, and tries again to store. */
  tick(): void;
  /** To be called when releases may have changed. */
  follow(): void;
  readonly verdicts: Verdicts;
}

export interface JudgingParts<State> {
  readonly store: EvidenceStore;
  readonly judge: Judge<State>;
  readonly views: () => readonly JudgedView[];
  readonly sources?: Sources;
  /** Called after each step that was stored and judged, when its verdicts have been published. */
  readonly onJudged?: (judged: Stepped) => void;
  /** The same of a step that cannot be stored yet: for harm only, it will be judged again. */
  readonly onUnstored?: (judged: Stepped) => void;
  readonly count: (name: JudgingCounter) => void;
  readonly log: (line: string) => void;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  /** Since the epoch; for labels. */
  readonly wallMs: () => number;
}

const BLOCK_MS = 10_000;
/** A block is so late: nobody observes. */
const OVERDUE_MS = 15_000;
/** Ten minutes of blocks. */
const MAX_WAITING = 60;
/** Of other sidecars, for the next of ours. */
const MAX_FOREIGN = 64;
const RETRY_MS = 5_000;

interface Waiting {
  readonly step: Step;
  readonly tell: readonly ((taken: Taken) => void)[];
}

type Foreign = { readonly block: ClosedBlock; readonly tell: (taken: Taken) => void };

/** Throws what the store throws when it is read. */
export function createJudging<State>(parts: JudgingParts<State>): Judging {
  const { store, judge, views, sources = NO_SOURCES, onJudged, onUnstored, count, log, nowMs, wallMs } = parts;
  const own = store.sidecarId();
  const published = createPublished();
  const rows = new Map(store.judges().map((row) => [row.rollout, row]));
  /** Steps not yet stored, oldest first. */
  const waiting: Waiting[] = [];
  const foreign: Foreign[] = [];
  const unstored = createUnstored({ judge, views });
  /** Until then our own time is accounted for. */
  let heardMs = nowMs();
  let lastId: ClosedBlock['id'] | undefined;
  let isInGap = false;
  let retryMs = Number.NEGATIVE_INFINITY;
  let isFailing = false;
  let since = revisions();
  /** By rollout, what was said last: not said again each ten seconds. */
  const failures = new Map<string, string>();
  const judging = () => views().filter(isJudged);

  showStored();

  return {
    verdicts: published,
    takeBlock(block) {
      if (judging().length === 0) {
        // nothing is judged: time is not lost either
        if (block.id.sidecar === own) [heardMs, lastId] = [nowMs(), block.id];
        return Promise.resolve('refused');
      }
      return new Promise((tell) => {
        if (block.id.sidecar === own) takeOwn(block, tell);
        else if (foreign.length < MAX_FOREIGN) foreign.push({ block, tell });
        else tell('refused');
      });
    },
    tick() {
      if (judging().length === 0) heardMs = nowMs();
      else if (nowMs() - heardMs >= OVERDUE_MS) {
        const durationMs = nowMs() - heardMs;
        heardMs = nowMs();
        enqueue(gap(durationMs, durationMs), []);
      }
      if (nowMs() >= retryMs) drain();
    },
    follow() {
      for (const { name, release } of views()) {
        // also one that comes back later starts without evidence
        if (rows.get(name)?.release !== release) rows.delete(name);
      }
      published.keepOnly(new Map(judging().map(({ name, release }) => [name, release])));
    },
  };

  /** What the block that is open now began under. */
  function revisions(): ReadonlyMap<string, number> {
    return new Map(views().map(({ name, revision }) => [name, revision]));
  }

  function takeOwn(block: ClosedBlock, tell: (taken: Taken) => void): void {
    const { thread, sequence } = block.id;
    const isNext = lastId?.thread === thread && sequence === lastId.sequence + 1;
    const isRepeated = lastId?.thread === thread && sequence <= lastId.sequence;
    if (!isNext && !isRepeated) {
      const before = gapBefore(block);
      if (before !== undefined) enqueue(before, []);
    }
    if (!isRepeated) [lastId, heardMs, isInGap] = [block.id, nowMs(), false];
    const merged = isRepeated ? [] : foreign.splice(0);
    const blocks = [block, ...merged.map((one) => one.block)];
    const { startMs, durationMs } = block;
    enqueue({ blocks, startMs, durationMs, gap: undefined, since }, [tell, ...merged.map((one) => one.tell)]);
    drain();
    since = revisions();
  }

  /** Between what is accounted for and the first block of a thread. */
  function gapBefore({ startMs, durationMs }: ClosedBlock): Step | undefined {
    if (lastId !== undefined) {
      const missingMs = Math.max(0, nowMs() - durationMs - heardMs);
      return gap(missingMs, missingMs);
    }
    if (rows.size === 0) return undefined;
    // since another process; how long that is only the wall clock can say, so the judge is told of one block
    const untilMs = Math.max(...Array.from(rows.values(), (row) => row.untilMs));
    return gap(BLOCK_MS, Math.max(0, startMs - untilMs));
  }

  function gap(durationMs: number, ms: number): Step {
    const begins = !isInGap;
    if (begins) count('judging.gaps');
    isInGap = true;
    return { blocks: [], startMs: wallMs() - durationMs, durationMs, gap: { ms, begins }, since };
  }

  function enqueue(step: Step, tell: Waiting['tell']): void {
    waiting.push({ step, tell });
    if (waiting.length <= MAX_WAITING) return;
    const [oldest, next] = waiting.splice(0, 2);
    if (oldest === undefined || next === undefined) return;
    // both are one gap from now on: what is lost is accounted for as time
    const { startMs } = oldest.step;
    const durationMs = oldest.step.durationMs + next.step.durationMs;
    const ms = (oldest.step.gap?.ms ?? oldest.step.durationMs) + (next.step.gap?.ms ?? next.step.durationMs);
    if (oldest.step.gap === undefined) count('judging.gaps');
    for (const { step: lost, tell: tellLost } of [oldest, next]) {
      for (const _ of lost.blocks) count('judging.blocks-dropped');
      for (const one of tellLost) one('refused');
    }
    const begins = oldest.step.gap?.begins ?? true;
    waiting.unshift({
      step: { blocks: [], startMs, durationMs, gap: { ms, begins }, since: oldest.step.since },
      tell: [],
    });
  }

  function drain(): void {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const stepped = stored(next.step);
      if (stepped === 'failed') {
        const steps = waiting.map(({ step }) => step);
        for (const one of unstored.judge(steps, rows)) onUnstored?.(one);
        return;
      }
      unstored.forget();
      waiting.shift();
      for (const tell of next.tell) tell(stepped === undefined ? 'known' : 'stored');
      if (stepped === undefined) continue;
      rows.clear();
      for (const one of stepped) rows.set(one.row.rollout, one.row);
      for (const one of stepped) publish(one);
    }
  }

  function stored(step: Step): Stepped[] | undefined | 'failed' {
    try {
      const stepped = store.inStep((writes) => takeStep(writes, step, { views: views(), rows, judge, sources, count }));
      if (isFailing) log('evidence can be stored again');
      isFailing = false;
      retryMs = Number.NEGATIVE_INFINITY;
      return stepped;
    } catch (error) {
      count('judging.store-failed');
      if (!isFailing) log(`evidence cannot be stored, verdicts are stale: ${(error as Error).message}`);
      isFailing = true;
      retryMs = nowMs() + RETRY_MS;
      published.markStale();
      return 'failed';
    }
  }

  function publish(stepped: Stepped): void {
    const { row, verdicts, failure } = stepped;
    if (failure !== undefined) {
      count('judging.failed');
      if (failures.get(row.rollout) !== failure.message) log(`${row.rollout} could not be judged: ${failure.stack}`);
      failures.set(row.rollout, failure.message);
    } else failures.delete(row.rollout);
    published.publish(row, failure === undefined ? verdicts : undefined);
    if (failure === undefined) onJudged?.(stepped);
  }

  /** What was said last before this process. */
  function showStored(): void {
    for (const { name, release } of judging()) {
      const row = rows.get(name);
      if (row === undefined || row.release !== release || row.format !== judge.format) continue;
      try {
        published.publish(row, judge.verdicts(JSON.parse(row.state)));
      } catch {
        // the first step says what is wrong with it
      }
    }
  }
}
