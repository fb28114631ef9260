/** The frozen view of all rollouts from which decisions are made. Plain data: it crosses threads by message. */

/** What answers a user. */
export type Arm = 'stable' | 'canary';

/** A version of a model and the Envoy cluster that runs it. */
export interface Version {
  readonly cluster: string;
  readonly version: string;
}

/** A cluster that gets a mirrored copy and never answers a user. Slot n (from 1) is its place in the rollout's list. */
export interface Shadow extends Version {
  readonly name: string;
}

/** Header name, lower case; always one of the trusted headers. */
export interface HeaderSource {
  readonly header: string;
}

/** All of it must hold: each header has exactly this value, each segment one of these values. */
export interface When {
  readonly header?: Readonly<Record<string, string>>;
  readonly segment?: Readonly<Record<string, readonly string[]>>;
}

/** `arm` forces; `weightBp` (0..10000) can only raise the rollout's weight, and only once that is above 0. */
export type Rule = { readonly when: When; readonly arm: Arm } | { readonly when: When; readonly weightBp: number };

export interface RolloutSnapshot {
  readonly name: string;
  /** Envoy route names that lead here. */
  readonly routes: readonly string[];
  /** Identity of (rollout, stable.version, canary.version, salt, unit). */
  readonly release: string;
  readonly stable: Version;
  readonly canary: Version;
  /** 0..4 */
  readonly shadows: readonly Shadow[];
  /** First present wins. */
  readonly unit: readonly HeaderSource[];
  readonly segments: Readonly<Record<string, HeaderSource>>;
  /** First match wins. */
  readonly rules: readonly Rule[];
  /** First bytes of each body to be captured; both 0 = capture off. */
  readonly capture: { readonly requestBytes: number; readonly responseBytes: number };
  readonly salt: string;
  /** Share of buckets on canary, 0..10000. */
  readonly weightBp: number;
  /** The revision that last changed this rollout. */
  readonly revision: number;
}

export interface Snapshot {
  /** One counter per sidecar; rises with every change of any rollout. */
  readonly revision: number;
  /** Key of the unit hash that leaves the decide thread; hex. */
  readonly unitKey: string;
  readonly rollouts: readonly RolloutSnapshot[];
}

/** A shadow that runs the stable version: what it disagrees about is noise. */
export function isTwin(rollout: RolloutSnapshot, shadow: Shadow): boolean {
  return shadow.version === rollout.stable.version;
}
