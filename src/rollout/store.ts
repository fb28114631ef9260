/** What the controller needs to outlive the process. Every call is synchronous and throws when it cannot be done. */
import type { Phase, Reached } from '../routing/snapshot.ts';
import type { Hold } from './hold.ts';

/**
 * Why a release is in its phase. Of `paused`: `manual` (a person set the weight, or there are no stages), `person`, `approval`
 * (a person has to agree), `guard`, `no-data`, `environment` (stable fails alike), `overdue` (extended too long), `plan-changed`
 * (the stage is no longer in the plan). Of a rollback: `guard`, `breaker`, `abort`.
 * Else `plan`, or `archived`.
 */
export type Cause =
  | 'manual'
  | 'person'
  | 'approval'
  | 'guard'
  | 'no-data'
  | 'environment'
  | 'overdue'
  | 'plan-changed'
  | 'breaker'
  | 'abort'
  | 'plan'
  | 'archived';

/** Where a rollout is. */
export interface RolloutState {
  readonly rollout: string;
  readonly release: string;
  readonly phase: Phase;
  /** Why it is in this phase. */
  readonly cause: Cause;
  /** What a person set (0..10000), or the 0 of a rollback; while it is set, stages do not count. */
  readonly weightBp: number | undefined;
  /** Name of the stage it is at; undefined: it never had stages. */
  readonly stage: string | undefined;
  /** Stages reached, with the weights they had then: a change of the plan moves nobody. */
  readonly reached: readonly Reached[];
  /** How far the present stage is. */
  readonly hold: Hold;
  /** The revision that last changed this rollout. */
  readonly revision: number;
  readonly updatedAtMs: number;
  readonly updatedBy: string;
  /** Tells whether the spec changed since; see spec.ts. */
  readonly specHash: string;
  /** The revision under which the spec last changed. */
  readonly specRevision: number;
  /** False: the configuration no longer has it. */
  readonly active: boolean;
}

export type EventKind =
  | 'release-started'
  | 'spec-changed'
  | 'rollout-archived'
  | 'rollout-restored'
  | 'weight-set'
  | 'promoted'
  | 'extended'
  | 'paused'
  | 'resumed'
  | 'approved'
  | 'rollback-started'
  | 'rolled-back'
  | 'completed'
  | 'guard-failed'
  | 'guard-cleared';

/** One line of the append-only audit log. */
export interface RolloutEvent {
  /** Counts up by one; never reused. */
  readonly number: number;
  readonly timeMs: number;
  readonly rollout: string;
  readonly release: string;
  readonly kind: EventKind;
  /** `understudy` for what nobody asked for, `configuration` for what a file says. */
  readonly actor: string;
  readonly reason: string;
  readonly revision: number;
  /** The revision under which the spec last changed. */
  readonly specRevision: number;
  /** What changed, as JSON: `from` and `to` of phase, cause, stage and weight, and more by kind. */
  readonly detail: string;
  /** What each guard said then, as JSON list of rows (guard-table.ts); `[]` where nothing is judged. */
  readonly guards: string;
}

export type NewEvent = Omit<RolloutEvent, 'number'>;

/** States and events that become true together, under one revision. */
export interface Change {
  readonly revision: number;
  readonly states: readonly RolloutState[];
  readonly events: readonly NewEvent[];
  /** Specs made by people, not by the file: to be kept, or (undefined text) to be let go. */
  readonly specs?: readonly { readonly rollout: string; readonly text: string | undefined }[];
}

export interface EventQuery {
  readonly rollout?: string | undefined;
  /** Only events with a smaller number. */
  readonly before?: number | undefined;
  /** Only events with a larger number; then the oldest of them first. */
  readonly after?: number | undefined;
  /** Only these. */
  readonly kinds?: readonly EventKind[] | undefined;
  readonly limit: number;
}

export interface Store {
  /** Of the last change; 0 before the first. */
  revision(): number;
  /** 32 random bytes in hex, the same for the life of the store. */
  unitKey(): string;
  /** Of every rollout ever seen. */
  states(): readonly RolloutState[];
  /** Specs made by people: the text of one entry of `rollouts:`. */
  specs(): readonly { readonly rollout: string; readonly text: string }[];
  /** On disk when it returns. Throws, and changes nothing, when it cannot be, or when a newer revision is stored. */
  commit(change: Change): void;
  /** The same for what changes no decision: how far stages are, and events under the present revision. */
  note(noted: {
    readonly holds: readonly Pick<RolloutState, 'rollout' | 'release' | 'hold'>[];
    readonly events: readonly NewEvent[];
  }): void;
  /** Newest first, unless `after` is given. */
  events(query: EventQuery): readonly RolloutEvent[];
  close(): void;
}
