/** The room of exposures and outcomes: what users got comes from the observe room, what came of it from whoever knows. */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Snapshot } from '../routing/snapshot.ts';
import { Deltas } from '../telemetry/counters.ts';
import { type CheckedOutcome, checkOutcome } from './check-outcome.ts';
import { openOutcomes } from './database.ts';
import type { Seen, SeenDone } from './exposure-link.ts';
import {
  type Cohort,
  NOTHING_RECORDED,
  type OutcomeStatus,
  type Recorded,
  type Refusal,
  type RipeBatch,
  type SaidOutcome,
} from './outcome.ts';
import { createOutcomeStore, type StoreCounter } from './outcome-store.ts';
import { createRipening } from './ripening.ts';
import type { OutcomesSpec } from './spec.ts';
import { readTruth, type TruthOfField } from './truth.ts';

/**
 * Beside those of the store: `recorded`, `duplicate`, `unsampled`, `refused`: outcomes by what became of them at first;
 * `dropped-failed`: exposures and values of pairs that could not be stored; `write-failed`: tries that failed.
 */
export type OutcomeCounter =
  | StoreCounter
  | 'outcomes.recorded'
  | 'outcomes.duplicate'
  | 'outcomes.unsampled'
  | 'outcomes.refused'
  | 'outcomes.dropped-failed'
  | 'outcomes.write-failed';

export type OutcomesSettings = Omit<OutcomesSpec, 'database'>;

/** From control; each question is answered once, with the same number. */
export type Ask =
  | { readonly type: 'record'; readonly call: number; readonly outcomes: readonly SaidOutcome[] }
  | { readonly type: 'truth'; readonly call: number; readonly rollout: string }
  | { readonly type: 'cohorts'; readonly cohorts: readonly Cohort[] }
  | { readonly type: 'taken'; readonly sequences: readonly number[] }
  | { readonly type: 'settings'; readonly settings: OutcomesSettings };

export type Told =
  | { readonly type: 'told'; readonly call: number; readonly answer: Recorded | readonly TruthOfField[] }
  | { readonly type: 'failed'; readonly call: number; readonly message: string };

export interface OutcomeReport {
  readonly counters: Readonly<Record<string, number>>;
  /** Newly ripe; after a start all that are not known to have been judged. */
  readonly ripe: readonly RipeBatch[];
  readonly outcomes: OutcomeStatus;
}

export interface OutcomeRoom {
  use(snapshot: Snapshot): void;
  /** From control or from the observe room. */
  usePort(port: MessagePort): void;
  serve(): Promise<void>;
  report(): OutcomeReport;
  stop(): Promise<void>;
  /** What is done each second; of tests. */
  tick(): void;
}

const TICK_MS = 1_000;
const RIPEN_EVERY_MS = 10_000;
/** Reasons of refusals that are told. */
const MAX_REASONS = 20;

/** Throws when the database cannot be opened. */
export function createOutcomeRoom(
  { database: path, ...first }: OutcomesSpec,
  snapshot: Snapshot,
  { wallMs }: { readonly wallMs: () => number },
): OutcomeRoom {
  const counters = new Deltas();
  const count = (name: OutcomeCounter, by = 1) => counters.add(name, by);
  const database = openOutcomes(path);
  let spec: OutcomesSettings = first;
  const store = createOutcomeStore(database, { spec: () => spec, count });
  const ripening = createRipening(database);
  const ports = new Set<MessagePort>();
  let newest = snapshot;
  let ripe: RipeBatch[] = ripening.untaken();
  let ripenMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  const room: OutcomeRoom = {
    use(next) {
      newest = next;
    },
    usePort(port) {
      ports.add(port);
      port.on('message', (message: Seen | Ask) => take(port, message));
      port.once('close', () => ports.delete(port));
    },
    async serve() {
      timer = setInterval(room.tick, TICK_MS);
    },
    report() {
      const taken = ripe;
      ripe = [];
      return { counters: counters.take(), ripe: taken, outcomes: store.status() };
    },
    async stop() {
      clearInterval(timer);
      // what was sent before the stop, and is not heard yet
      for (const port of ports) {
        for (let heard = receiveMessageOnPort(port); heard; heard = receiveMessageOnPort(port))
          take(port, heard.message);
        port.close();
      }
    },
    tick() {
      const nowMs = wallMs();
      attempt(() => store.settle(nowMs));
      if (nowMs - ripenMs >= RIPEN_EVERY_MS || nowMs < ripenMs) {
        ripenMs = nowMs;
        attempt(() => ripe.push(...ripening.ripen(nowMs)));
      }
      attempt(() => store.expire(nowMs));
    },
  };
  return room;

  function take(port: MessagePort, message: Seen | Ask): void {
    switch (message.type) {
      case 'seen': {
        const items = message.exposures.length + message.pairs.length;
        const failure = attempt(() => store.addExposures(message.exposures, message.pairs));
        if (failure !== undefined) count('outcomes.dropped-failed', items);
        const done: SeenDone = { type: 'seen-done', items };
        port.postMessage(done);
        return;
      }
      case 'record':
        answer(port, message.call, () => record(message.outcomes));
        return;
      case 'truth':
        answer(port, message.call, () => truth(message.rollout));
        return;
      case 'cohorts':
        attempt(() => ripening.useCohorts(message.cohorts));
        return;
      case 'taken':
        attempt(() => ripening.taken(message.sequences));
        return;
      case 'settings':
        spec = message.settings;
    }
  }

  function answer(port: MessagePort, call: number, work: () => Recorded | readonly TruthOfField[]): void {
    let told: Told | undefined;
    const failure = attempt(() => {
      told = { type: 'told', call, answer: work() };
    });
    port.postMessage(told ?? { type: 'failed', call, message: failure?.message ?? '' });
  }

  /** A full or slow disk is no reason to end: the next try may do. */
  function attempt(work: () => unknown): Error | undefined {
    try {
      work();
      return undefined;
    } catch (error) {
      count('outcomes.write-failed');
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  function record(said: readonly SaidOutcome[]): Recorded {
    const limits = { nowMs: wallMs(), keepMs: spec.keepMs, sampleBp: spec.sampleBp };
    const taken: CheckedOutcome[] = [];
    const refused: Refusal[] = [];
    let unsampled = 0;
    for (const [index, outcome] of said.entries()) {
      const checked = checkOutcome(outcome, newest, limits);
      if (checked === 'unsampled') unsampled++;
      else if ('refused' in checked) refused.push({ index, reason: checked.refused });
      else taken.push(checked);
    }
    const stored = store.record(taken, limits.nowMs);
    count('outcomes.recorded', taken.length - stored.duplicate);
    count('outcomes.duplicate', stored.duplicate);
    count('outcomes.unsampled', unsampled);
    count('outcomes.refused', refused.length);
    const refusals = refused.length;
    return { ...NOTHING_RECORDED, ...stored, unsampled, refused: refused.slice(0, MAX_REASONS), refusals };
  }

  function truth(name: string): readonly TruthOfField[] {
    const rollout = newest.rollouts.find((one) => one.name === name);
    if (rollout === undefined) return [];
    return readTruth(database, { rollout: name, release: rollout.release, prediction: rollout.prediction });
  }
}
