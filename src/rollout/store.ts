/** What the controller needs to outlive the process. Every call is synchronous and throws when it cannot be done. */

/** Where a rollout is. Stages come later: until then a release is `paused`, and `idle` when nothing uses it. */
export interface RolloutState {
  readonly rollout: string;
  readonly release: string;
  readonly phase: 'paused' | 'idle';
  /** Why it is in this phase. */
  readonly cause: 'manual' | 'archived';
  /** 0..10000 */
  readonly weightBp: number;
  /** The revision that last changed this rollout. */
  readonly revision: number;
  readonly updatedAtMs: number;
  readonly updatedBy: string;
  /** Tells whether the spec changed since; see spec.ts. */
  readonly specHash: string;
  /** False: the configuration no longer has it. */
  readonly active: boolean;
}

/** One line of the append-only audit log. */
export interface RolloutEvent {
  /** Counts up by one; never reused. */
  readonly number: number;
  readonly timeMs: number;
  readonly rollout: string;
  readonly release: string;
  readonly kind: 'release-started' | 'spec-changed' | 'rollout-archived' | 'rollout-restored' | 'weight-set';
  readonly actor: string;
  readonly reason: string;
  readonly revision: number;
  /** What changed, as JSON. */
  readonly detail: string;
}

/** States and events that become true together, under one revision. */
export interface Change {
  readonly revision: number;
  readonly states: readonly RolloutState[];
  readonly events: readonly Omit<RolloutEvent, 'number'>[];
}

export interface EventQuery {
  readonly rollout?: string | undefined;
  /** Only events with a smaller number. */
  readonly before?: number | undefined;
  readonly limit: number;
}

export interface Store {
  /** Of the last change; 0 before the first. */
  revision(): number;
  /** 32 random bytes in hex, the same for the life of the store. */
  unitKey(): string;
  /** Of every rollout ever seen. */
  states(): readonly RolloutState[];
  /** On disk when it returns. Throws, and changes nothing, when it cannot be, or when a newer revision is stored. */
  commit(change: Change): void;
  /** Newest first. */
  events(query: EventQuery): readonly RolloutEvent[];
  close(): void;
}
