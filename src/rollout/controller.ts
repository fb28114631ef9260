import type { Snapshot } from '../routing/snapshot.ts';
import type { Publisher } from './publisher.ts';
import { RefusedError } from './refused.ts';
import type { RolloutSpec } from './spec.ts';
import { type RolloutView, reconcile, setWeight, snapshotOf, viewOf } from './state.ts';
import type { Change, EventQuery, RolloutEvent, RolloutState, Store } from './store.ts';

const confirmTimeoutMs = 2_000;
const maxReasonLength = 500;
const maxActorLength = 200;

export interface WeightRequest {
  readonly rollout: string;
  /** 0..10000 */
  readonly weightBp: number | undefined;
  /** Why; 1 to 500 characters. */
  readonly reason: string;
  /** Who; 1 to 200 characters. */
  readonly actor: string;
  /** When given, the rollout must still have this revision. */
  readonly expectedRevision?: number | undefined;
}

export interface WeightAnswer {
  readonly view: RolloutView;
  /** Decide threads that did not confirm within 2 s. */
  readonly unconfirmed: readonly string[];
}

export interface ApplyAnswer {
  /** False: the specs say nothing new, and nothing was published. */
  readonly changed: boolean;
  /** The snapshot's. */
  readonly revision: number;
  /** Decide threads that did not confirm within 2 s. */
  readonly unconfirmed: readonly string[];
}

export interface Controller {
  /** What threads have to decide from now. */
  snapshot(): Snapshot;
  /** In the configuration's order. */
  views(): readonly RolloutView[];
  /** Throws RefusedError `not-found`. */
  view(rollout: string): RolloutView;
  /**
   * Stores, then publishes. Throws RefusedError when nothing was changed: `invalid-argument`, `not-found`,
   * `failed-precondition` (another revision than expected) or `unavailable` (the store cannot be written).
   */
  setWeight(request: WeightRequest): Promise<WeightAnswer>;
  /**
   * Takes `specs` in place of all earlier ones, as at the start: all of them or none. Stores, then publishes. Throws
   * RefusedError `unavailable` when the store cannot be written; the earlier specs stay.
   */
  apply(specs: readonly RolloutSpec[]): Promise<ApplyAnswer>;
  /** Newest first. */
  events(query: EventQuery): readonly RolloutEvent[];
  /** Calls `listener` after each change until the returned function is called. */
  onChange(listener: () => void): () => void;
}

/** Takes specs from the configuration and states from the store; `now` gives ms since the epoch. Throws what the store throws. */
export function createController(parts: {
  readonly specs: readonly RolloutSpec[];
  readonly store: Store;
  readonly publisher: Publisher;
  readonly now: () => number;
}): Controller {
  const { store, publisher, now } = parts;
  const unitKey = store.unitKey();
  const listeners = new Set<() => void>();
  let revision = store.revision();
  let states = byName(store.states());
  let { specs } = parts;
  const fromConfig = reconcile(specs, [...states.values()], revision + 1, now());
  if (fromConfig) {
    store.commit(fromConfig);
    accept(fromConfig);
  }
  let views = currentViews();
  let snapshot = snapshotOf(revision, unitKey, views);

  /** Throws RefusedError, and nothing is different, when it cannot be stored. */
  function commit(change: Change): void {
    try {
      store.commit(change);
    } catch (error) {
      const message = `the change cannot be stored and was not made: ${(error as Error).message}`;
      throw new RefusedError('unavailable', 'rollout', message, { cause: error });
    }
    accept(change);
  }

  function accept(change: Change): void {
    revision = change.revision;
    states = new Map([...states, ...byName(change.states)]);
  }

  /** Resolves with the decide threads that have not confirmed. */
  function publish(): Promise<readonly string[]> {
    views = currentViews();
    snapshot = snapshotOf(revision, unitKey, views);
    const confirmation = publisher.publish(snapshot, confirmTimeoutMs);
    for (const listener of listeners) listener();
    return confirmation;
  }

  function currentViews(): readonly RolloutView[] {
    return specs.flatMap((spec) => {
      const state = states.get(spec.name);
      return state ? [viewOf(spec, state)] : [];
    });
  }

  function view(name: string): RolloutView {
    const found = views.find((candidate) => candidate.name === name);
    if (!found) throw new RefusedError('not-found', 'rollout', `there is no rollout ${JSON.stringify(name)}`);
    return found;
  }

  return {
    snapshot: () => snapshot,
    views: () => views,
    view,
    events: (query) => store.events(query),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    // everything up to `publish` is one synchronous step: of two callers with the same expected revision one wins
    async setWeight(request) {
      const { rollout, weightBp, reason, actor, expectedRevision } = validated(request);
      const { revision: currentRevision } = view(rollout);
      if (expectedRevision !== undefined && expectedRevision !== currentRevision) {
        const message = `expected ${expectedRevision}, but ${rollout} was changed by revision ${currentRevision}`;
        throw new RefusedError('failed-precondition', 'expected_revision', message);
      }
      const state = states.get(rollout) as RolloutState;
      const change = setWeight(state, { weightBp, reason, actor }, revision + 1, now());
      commit(change);
      const confirmation = publish();
      return { view: view(rollout), unconfirmed: await confirmation };
    },

    async apply(wanted) {
      const change = reconcile(wanted, [...states.values()], revision + 1, now());
      if (change) commit(change);
      specs = wanted;
      // without a change of state only the order of rollouts, or an initial weight that counts no more, can be another
      const unconfirmed = change ? publish() : [];
      views = currentViews();
      return { changed: change !== undefined, revision, unconfirmed: await unconfirmed };
    },
  };
}

function byName(states: readonly RolloutState[]): ReadonlyMap<string, RolloutState> {
  return new Map(states.map((state) => [state.rollout, state]));
}

function validated(request: WeightRequest): WeightRequest & { readonly weightBp: number } {
  const { weightBp, expectedRevision } = request;
  if (weightBp === undefined || !Number.isInteger(weightBp) || weightBp < 0 || weightBp > 10_000) {
    throw new RefusedError('invalid-argument', 'weight_bp', `expected 0 to 10000, found ${weightBp ?? 'nothing'}`);
  }
  if (expectedRevision !== undefined && !Number.isSafeInteger(expectedRevision)) {
    throw new RefusedError(
      'invalid-argument',
      'expected_revision',
      `expected a whole number, found ${expectedRevision}`,
    );
  }
  checkText('rollout', request.rollout, Number.POSITIVE_INFINITY);
  checkText('reason', request.reason, maxReasonLength);
  checkText('actor', request.actor, maxActorLength);
  return { ...request, weightBp };
}

/** Control characters are refused because these texts are printed on terminals. */
function checkText(field: string, text: string, maxLength: number): void {
  const refuse = (message: string) => new RefusedError('invalid-argument', field, message);
  if (text.trim() === '') throw refuse('expected a non-empty text');
  if (text.length > maxLength) throw refuse(`expected at most ${maxLength} characters, found ${text.length}`);
  if (/\p{Cc}/u.test(text)) throw refuse('expected a text without control characters');
}
