/** Control's way to the outcome thread: questions and answers, bounded, so that a slow disk holds nobody else up. */
import type { MessagePort } from 'node:worker_threads';
import { RefusedError } from '../rollout/refused.ts';
import { type Cohort, NOTHING_RECORDED, type Recorded, type SaidOutcome } from './outcome.ts';
import type { Ask, OutcomesSettings, Told } from './outcome-room.ts';
import type { TruthOfField } from './truth.ts';

export interface OutcomeDesk {
  /** Rejects with RefusedError: `resource-exhausted` when too many wait, `unavailable` when they cannot be stored now. */
  record(outcomes: readonly SaidOutcome[]): Promise<Recorded>;
  /** Rejects with RefusedError `unavailable`. */
  truth(rollout: string): Promise<readonly TruthOfField[]>;
  useCohorts(cohorts: readonly Cohort[]): void;
  useSettings(settings: OutcomesSettings): void;
  taken(sequences: readonly number[]): void;
  /** To the newest thread. */
  usePort(port: MessagePort): void;
  close(): void;
}

type Answer = Recorded | readonly TruthOfField[];

interface Call {
  readonly outcomes: number;
  resolve(answer: Answer): void;
  reject(reason: RefusedError): void;
}

export const MAX_WAITING_OUTCOMES = 50_000;
const MAX_CALLS = 1_000;

export function createOutcomeDesk(maxOutcomes: number = MAX_WAITING_OUTCOMES): OutcomeDesk {
  const calls = new Map<number, Call>();
  let port: MessagePort | undefined;
  let waiting = 0;
  let last = 0;
  let cohorts: readonly Cohort[] = [];
  let settings: OutcomesSettings | undefined;

  const say = (message: Ask) => port?.postMessage(message);

  return {
    record(outcomes) {
      if (outcomes.length === 0) return Promise.resolve(NOTHING_RECORDED);
      return ask(outcomes.length, (call) => ({ type: 'record', call, outcomes })) as Promise<Recorded>;
    },
    truth: (rollout) => ask(0, (call) => ({ type: 'truth', call, rollout })) as Promise<readonly TruthOfField[]>,
    useCohorts(next) {
      cohorts = next;
      say({ type: 'cohorts', cohorts });
    },
    useSettings(next) {
      settings = next;
      say({ type: 'settings', settings });
    },
    taken(sequences) {
      if (sequences.length > 0) say({ type: 'taken', sequences });
    },
    usePort(next) {
      port?.close();
      giveUp('the thread of outcomes was started again; say them again');
      port = next;
      next.on('message', hear);
      next.once('close', () => {
        if (port !== next) return;
        port = undefined;
        giveUp('the thread of outcomes has stopped; say them again');
      });
      next.unref();
      if (settings !== undefined) say({ type: 'settings', settings });
      say({ type: 'cohorts', cohorts });
    },
    close() {
      port?.close();
      port = undefined;
      giveUp('the sidecar stops');
    },
  };

  function ask(outcomes: number, message: (call: number) => Ask): Promise<Answer> {
    if (port === undefined) return Promise.reject(refuse('unavailable', 'the thread of outcomes does not serve now'));
    if (waiting + outcomes > maxOutcomes || calls.size >= MAX_CALLS) {
      return Promise.reject(refuse('resource-exhausted', `${waiting} wait to be stored; say them again later`));
    }
    return new Promise((resolve, reject) => {
      const call = ++last;
      waiting += outcomes;
      calls.set(call, { outcomes, resolve, reject });
      say(message(call));
    });
  }

  function hear(told: Told): void {
    const call = calls.get(told.call);
    if (call === undefined) return;
    calls.delete(told.call);
    waiting -= call.outcomes;
    if (told.type === 'told') call.resolve(told.answer);
    else call.reject(refuse('unavailable', `they cannot be stored: ${told.message}`));
  }

  /** Whether they were stored is not known; saying them again does no harm. */
  function giveUp(reason: string): void {
    for (const { reject } of calls.values()) reject(refuse('unavailable', reason));
    calls.clear();
    waiting = 0;
  }
}

function refuse(code: 'unavailable' | 'resource-exhausted', message: string): RefusedError {
  return new RefusedError(code, 'outcomes', message);
}
