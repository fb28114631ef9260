/** The state of every rollout: what is stored, and rollbacks that are not yet because the store could not take them. */
import type { Change, NewEvent, RolloutState, Store } from './store.ts';

export interface Kept {
  /** Of the last change, stored or not. */
  revision(): number;
  state(rollout: string): RolloutState | undefined;
  states(): readonly RolloutState[];
  /** False: what was kept of it could not be stored yet. */
  isStored(rollout: string): boolean;
  /** Stores `change`, with what could not be stored before. Throws what the store throws; then nothing is different. */
  commit(change: Change): void;
  /** The same, or else (false) nothing is different. That the store fails is said once, not each time. */
  tryCommit(change: Change): boolean;
  /** `change` is true from now on, and stored with the next one that can be. */
  keep(change: Change): void;
  /** Stores how far the stage of `state` is, and events that change no decision, or else (false) nothing. */
  tryNote(state: RolloutState, events: readonly NewEvent[]): boolean;
  /** Tries again to store what could not be. */
  retry(): void;
}

const NONE = { rollouts: new Set<string>(), events: [] };

/** `onStored` is called after events were stored. Throws what the store throws when it is read. */
export function createKept(store: Store, log: (line: string) => void, onStored: () => void): Kept {
  let revision = store.revision();
  let states: ReadonlyMap<string, RolloutState> = new Map(store.states().map((state) => [state.rollout, state]));
  /** Published and not stored: at most one rollback of each rollout, as nothing else is taken then. */
  let unstored: { readonly rollouts: ReadonlySet<string>; readonly events: readonly NewEvent[] } = NONE;
  let isFailing = false;
  const tryCommit = (change: Change) => attempt(() => commit(change));

  return {
    revision: () => revision,
    state: (rollout) => states.get(rollout),
    states: () => [...states.values()],
    isStored: (rollout) => !unstored.rollouts.has(rollout),
    commit,
    tryCommit,
    keep(change) {
      const rollouts = new Set([...unstored.rollouts, ...change.states.map(({ rollout }) => rollout)]);
      unstored = { rollouts, events: [...unstored.events, ...change.events] };
      accept(change);
    },
    tryNote(state, events) {
      const { rollout, release, hold } = state;
      if (!attempt(() => store.note({ holds: [{ rollout, release, hold }], events }))) return false;
      states = new Map([...states, [rollout, state]]);
      if (events.length > 0) onStored();
      return true;
    },
    retry() {
      if (unstored !== NONE) tryCommit({ revision: revision + 1, states: [], events: [] });
    },
  };

  function commit(change: Change): void {
    const newer = new Set(change.states.map(({ rollout }) => rollout));
    const left = [...unstored.rollouts].flatMap((rollout) => (newer.has(rollout) ? [] : (states.get(rollout) ?? [])));
    store.commit({
      ...change,
      states: [...left, ...change.states],
      events: [...unstored.events, ...change.events],
    });
    unstored = NONE;
    accept(change);
    onStored();
  }

  function accept(change: Change): void {
    revision = change.revision;
    states = new Map([...states, ...change.states.map((state) => [state.rollout, state] as const)]);
  }

  function attempt(work: () => void): boolean {
    try {
      work();
      if (isFailing) log('rollouts can be stored again');
      isFailing = false;
      return true;
    } catch (error) {
      if (!isFailing) log(`rollouts cannot be stored, nobody is promoted: ${(error as Error).message}`);
      isFailing = true;
      return false;
    }
  }
}
