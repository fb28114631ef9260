/**
 * The one writer of rollouts. Every change is stored, then published, then confirmed by the decide threads; what cannot be stored
 * is refused. But for a rollback: that is published in any case, and stored as soon as it can be.
 */
import type { Verdict } from '../guards/verdict.ts';
import type { Snapshot } from '../routing/snapshot.ts';
import { createKept } from './kept.ts';
import { harmOf, type Look, lookAt } from './machine.ts';
import { eventOf, type Move, type Moved, moved, type Stamp } from './move.ts';
import * as people from './people.ts';
import type { Publisher } from './publisher.ts';
import { RefusedError } from './refused.ts';
import { type ChangeRequest, checkChange, checkWeight, mustBeCurrent, mustBeInNoFile } from './request.ts';
import type { RolloutSpec } from './spec.ts';
import { type Specs, specsOf, takenOver, viewsOf } from './specs.ts';
import { type RolloutView, reconcile, rollbackCause, snapshotOf } from './state.ts';
import type { Change, EventQuery, NewEvent, RolloutEvent, RolloutState, Store } from './store.ts';

const CONFIRM_TIMEOUT_MS = 2_000;
/** Who acts when nobody asked. */
const OURSELVES = 'understudy';

export interface WeightRequest extends ChangeRequest {
  /** 0..10000 */
  readonly weightBp: number | undefined;
}

export interface Changed {
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

/** Specs as they are from now on; `text` is what ApplyRollout was given, kept in the store. */
export interface MadeSpec {
  readonly spec: RolloutSpec;
  readonly text: string;
}

/**
 * What people ask throws RefusedError when nothing was changed: `invalid-argument`, `not-found`, `failed-precondition` (another
 * revision than expected, or the phase does not allow it) or `unavailable` (the store cannot be written).
 */
export interface Controller {
  /** What threads have to decide from now. */
  snapshot(): Snapshot;
  /** The file's in its order, then those that people made. */
  views(): readonly RolloutView[];
  /** Throws RefusedError `not-found`. */
  view(rollout: string): RolloutView;
  /** False: its rollback is in force, but could not be stored yet. */
  isStored(rollout: string): boolean;
  /** Live decide threads that do not use the present snapshot yet. */
  unconfirmed(): readonly string[];
  setWeight(request: WeightRequest): Promise<Changed>;
  pause(request: ChangeRequest): Promise<Changed>;
  resume(request: ChangeRequest, keepWeight: boolean): Promise<Changed>;
  promote(request: ChangeRequest, toEnd: boolean): Promise<Changed>;
  approve(request: ChangeRequest): Promise<Changed>;
  abort(request: ChangeRequest): Promise<Changed>;
  complete(request: ChangeRequest, catchAll: { readonly cluster: string; readonly seenIn: string }): Promise<Changed>;
  /** Takes the file's specs in place of its earlier ones, as at the start: all of them or none. */
  apply(specs: readonly RolloutSpec[]): Promise<ApplyAnswer>;
  /** Makes or changes a rollout that is in no file, or (undefined) archives it. */
  applyMade(request: ChangeRequest, made: MadeSpec | undefined): Promise<ApplyAnswer>;
  /** What one closed block makes of a release. Never throws: what cannot be stored promotes nobody. */
  look(rollout: string, release: string, look: Look): void;
  /** The same of evidence that cannot be stored yet: only a rollback comes of it. */
  lookForHarm(rollout: string, release: string, verdicts: readonly Verdict[]): void;
  /** A breaker tripped. Never throws. */
  trip(rollout: string, release: string, trip: people.Trip): void;
  /** To be called each second: confirms rollbacks, and stores what could not be. */
  tick(): void;
  events(query: EventQuery): readonly RolloutEvent[];
  /** Calls `listener` after each change until the returned function is called. */
  onChange(listener: () => void): () => void;
  /** The same after events were stored, with or without a change. */
  onEvents(listener: () => void): () => void;
}

/** Takes specs from the configuration and states from the store; `now` gives ms since the epoch. Throws what the store throws. */
export function createController(parts: {
  /** Of the file. */
  readonly specs: readonly RolloutSpec[];
  /** Of people, as they were stored; those whose name the file has are let go. */
  readonly made?: readonly RolloutSpec[];
  /** Its name, for whoever wants to change what is written there. */
  readonly file?: string;
  readonly store: Store;
  readonly publisher: Publisher;
  readonly now: () => number;
  /** What guards say, for the tables of events. */
  readonly verdicts?: (rollout: string) => readonly Verdict[];
  readonly log?: (line: string) => void;
}): Controller {
  const { store, publisher, now, file = 'understudy.yaml', verdicts = () => [], log = () => {} } = parts;
  const unitKey = store.unitKey();
  const listeners = new Set<() => void>();
  const eventListeners = new Set<() => void>();
  const kept = createKept(store, log, () => announce(eventListeners));
  let specs = specsOf(parts.specs, parts.made ?? []);
  const fromConfig = reconciled(specs, takenOver(specs, parts.made ?? []), stampOf('configuration'));
  if (fromConfig) kept.commit(fromConfig);
  let views = currentViews();
  let snapshot = snapshotOf(kept.revision(), unitKey, views);

  return {
    snapshot: () => snapshot,
    views: () => views,
    view,
    isStored: kept.isStored,
    unconfirmed: () => publisher.unconfirmed(snapshot.revision),
    events: (query) => store.events(query),
    onChange: (listener) => subscribe(listeners, listener),
    onEvents: (listener) => subscribe(eventListeners, listener),

    setWeight: (request) =>
      change(request, (state) => people.setWeight(state, checkWeight(request.weightBp), request.reason)),
    pause: (request) => change(request, (state) => people.pause(state, request.reason)),
    resume: (request, keepWeight) =>
      change(request, (state, plan) => people.resume(plan, state, request.reason, keepWeight)),
    promote: (request, toEnd) => change(request, (state, plan) => people.promote(plan, state, request.reason, toEnd)),
    approve: (request) => change(request, (state, plan) => people.approve(plan, state, request.reason)),
    abort: (request) => change(request, (state) => people.abort(state, request.reason)),
    complete: (request, catchAll) =>
      change(request, (state, { canary }) => people.complete(state, catchAll, canary.cluster, request.reason)),

    apply(wanted) {
      const next = specsOf(wanted, specs.ofPeople);
      return take(next, takenOver(next, specs.ofPeople), stampOf('configuration'));
    },
    async applyMade(request, made) {
      const { rollout, reason, actor } = checkChange(request);
      const owned = views.find(({ name }) => name === rollout);
      if (owned !== undefined) mustBeInNoFile(owned);
      if (owned !== undefined || made === undefined) mustBeCurrent(view(rollout), request.expectedRevision);
      else if ((request.expectedRevision ?? 0) !== 0) view(rollout);
      const others = specs.ofPeople.filter(({ name }) => name !== rollout);
      const ofPeople = made === undefined ? others : [...others, made.spec];
      return take({ ...specs, ofPeople }, [], stampOf(actor), { reason, put: { rollout, text: made?.text } });
    },

    look(rollout, release, look) {
      const state = kept.state(rollout);
      const plan = views.find(({ name }) => name === rollout);
      if (state === undefined || plan === undefined || state.release !== release) return;
      const { hold, notes, move } = lookAt(plan, state, look);
      const stamp = stampOf(OURSELVES, kept.revision() + (move === undefined ? 0 : 1));
      const noted = notes.map(({ kind, reason }) =>
        eventOf(state, { kind, reason, stamp, detail: {}, verdicts: look.verdicts }),
      );
      if (move !== undefined) {
        ourMove({ ...state, hold }, move, look.verdicts, noted);
        return;
      }
      if (noted.length === 0 && isSame(hold, state.hold)) return;
      // what is not stored has not been held
      if (kept.tryNote({ ...state, hold }, noted)) views = currentViews();
    },

    lookForHarm(rollout, release, said) {
      const state = kept.state(rollout);
      if (state === undefined || state.release !== release) return;
      const move = harmOf(state, said);
      if (move !== undefined) ourMove(state, move, said, []);
    },

    trip(rollout, release, tripped) {
      const state = kept.state(rollout);
      if (state === undefined || state.release !== release) return;
      const move = people.trip(state, tripped);
      if (move !== undefined) ourMove(state, move, verdicts(rollout), []);
    },

    tick() {
      kept.retry();
      confirmRollbacks();
    },
  };

  /** Everything up to `publish` is one synchronous step: of two callers with the same expected revision one wins. */
  async function change(
    request: ChangeRequest,
    moveOf: (state: RolloutState, view: RolloutView) => Move,
  ): Promise<Changed> {
    const { rollout, actor, expectedRevision } = checkChange(request);
    const current = view(rollout);
    mustBeCurrent(current, expectedRevision);
    const state = kept.state(rollout) as RolloutState;
    const move = moveOf(state, current);
    const made = moved(state, move, stampOf(actor), verdicts(rollout));
    const asked = changeOf([made]);
    let failure: Error | undefined;
    try {
      kept.commit(asked);
    } catch (error) {
      if (move.kind !== 'rollback-started') throw unavailable(error);
      failure = error as Error;
      kept.keep(asked);
    }
    const unconfirmed = await publish();
    if (failure !== undefined) throw unstored(failure, unconfirmed);
    return { view: view(rollout), unconfirmed };
  }

  /** Of the machine or a breaker. A rollback does not wait for the store. */
  function ourMove(state: RolloutState, move: Move, said: readonly Verdict[], noted: readonly NewEvent[]): void {
    const made = moved(state, move, stampOf(OURSELVES), said);
    const asked = changeOf([made], noted);
    if (!kept.tryCommit(asked)) {
      if (move.kind !== 'rollback-started') return;
      kept.keep(asked);
    }
    log(`${state.rollout}: ${move.kind}: ${move.reason}`);
    void publish();
  }

  /** `gone`: specs of people that are to be let go. */
  async function take(
    wanted: Specs,
    gone: readonly string[],
    stamp: Stamp,
    made: { readonly reason?: string; readonly put?: Put } = {},
  ): Promise<ApplyAnswer> {
    let asked: Change | undefined;
    try {
      asked = reconciled(wanted, gone, stamp, made);
      if (asked) kept.commit(asked);
    } catch (error) {
      throw unavailable(error);
    }
    specs = wanted;
    // without a change of state only the order of rollouts, or an initial weight that counts no more, can be another
    const unconfirmed = asked ? publish() : [];
    views = currentViews();
    return { changed: asked !== undefined, revision: kept.revision(), unconfirmed: await unconfirmed };
  }

  function reconciled(
    { ofFile, ofPeople }: Specs,
    gone: readonly string[],
    stamp: Stamp,
    { reason, put }: { readonly reason?: string; readonly put?: Put } = {},
  ): Change | undefined {
    const found = reconcile({
      ...{ specs: [...ofFile, ...ofPeople], states: kept.states(), stamp, reason },
      rolledBackBy: (rollout, release) =>
        rollbackCause(store.events({ rollout, kinds: ['rollback-started'], limit: 1_000 }), release),
    });
    const isNew = put !== undefined && store.specs().find(({ rollout }) => rollout === put.rollout)?.text !== put.text;
    const texts = [...(isNew ? [put] : []), ...gone.map((rollout) => ({ rollout, text: undefined }))];
    if (found === undefined && texts.length === 0) return undefined;
    return { revision: stamp.revision, states: [], events: [], ...found, specs: texts };
  }

  /** Resolves with the decide threads that have not confirmed. */
  async function publish(): Promise<readonly string[]> {
    views = currentViews();
    snapshot = snapshotOf(kept.revision(), unitKey, views);
    const confirmation = publisher.publish(snapshot, CONFIRM_TIMEOUT_MS);
    announce(listeners);
    const unconfirmed = await confirmation;
    confirmRollbacks();
    return unconfirmed;
  }

  /** What every decide thread has confirmed is no longer being rolled back, but is. */
  function confirmRollbacks(): void {
    const rolling = views.filter(({ phase }) => phase === 'rolling-back');
    if (rolling.length === 0 || publisher.unconfirmed(snapshot.revision).length > 0) return;
    const stamp = stampOf(OURSELVES);
    const reason = 'every decide thread has confirmed weight 0';
    const done = rolling.flatMap(({ name }) => {
      const state = kept.state(name);
      return state ? [moved(state, { kind: 'rolled-back', phase: 'rolled-back', reason }, stamp, [])] : [];
    });
    if (kept.tryCommit(changeOf(done))) void publish();
  }

  function currentViews(): readonly RolloutView[] {
    return viewsOf(specs, kept.state, file);
  }

  function changeOf(made: readonly Moved[], noted: readonly NewEvent[] = []): Change {
    const events = [...noted, ...made.map(({ event }) => event)];
    return { revision: kept.revision() + 1, states: made.map(({ state }) => state), events };
  }

  function view(name: string): RolloutView {
    const found = views.find((candidate) => candidate.name === name);
    if (!found) throw new RefusedError('not-found', 'rollout', `there is no rollout ${JSON.stringify(name)}`);
    return found;
  }

  function stampOf(actor: string, revision = kept.revision() + 1): Stamp {
    return { actor, revision, timeMs: now() };
  }

  /** What a listener does wrong is no reason to take a change for undone. */
  function announce(to: ReadonlySet<() => void>): void {
    for (const listener of to) {
      try {
        listener();
      } catch (error) {
        log(`after a change: ${(error as Error).stack}`);
      }
    }
  }
}

type Put = NonNullable<Change['specs']>[number];

function subscribe(to: Set<() => void>, listener: () => void): () => void {
  to.add(listener);
  return () => to.delete(listener);
}

function isSame(one: object, other: object): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Of a rollback that is in force all the same, but for the threads that have not confirmed it. */
function unstored(error: Error, unconfirmed: readonly string[]): RefusedError {
  const done =
    unconfirmed.length === 0
      ? 'everybody is on stable now, but that'
      : `the rollback is still to be confirmed by ${unconfirmed.join(', ')}, and it`;
  const message = `${done} cannot be stored: ${error.message}; a restart before it can be would undo it`;
  return new RefusedError('unavailable', 'rollout', message, { cause: error });
}

function unavailable(error: unknown): RefusedError {
  const message = `the change cannot be stored and was not made: ${(error as Error).message}`;
  return new RefusedError('unavailable', 'rollout', message, { cause: error });
}
