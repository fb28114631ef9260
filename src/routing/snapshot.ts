/** The frozen view of all rollouts from which decisions are made. Plain data: it crosses threads by message. */
import type { PredictionSpec } from '../prediction/spec.ts';
import type { Match } from './match.ts';

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
  /** Share of units, or of requests, that get a copy; 0..10000. */
  readonly sampleBp: number;
  readonly sampleBy: 'unit' | 'request';
  /** Only these; empty = all. */
  readonly methods: readonly string[];
  /** Copies a second over all decide threads; undefined = no limit. */
  readonly maxPerSecond: number | undefined;
  /** Larger bodies are not mirrored; at most 4 MiB. */
  readonly maxBodyBytes: number;
  /** Only what this arm answered is mirrored; undefined = what either did. Mirror-back is a shadow of stable for `canary`. */
  readonly onlyArm: Arm | undefined;
  /** Content types of bodies that may be mirrored though nobody says how long they are; `*` at the end = prefix. */
  readonly mirrorUnknownLength: readonly string[];
}

/** Where a unit's value may be found. Header names are lower case and always trusted. */
export type UnitSource = { readonly header: string } | { readonly cookie: string } | { readonly client: 'address' };

/** What a geography database knows of an address. */
export type GeoField = 'continent' | 'country' | 'region' | 'city';

export type SegmentSource = { readonly header: string } | { readonly geoip: GeoField };

/** All of it must hold; a value that is missing matches nothing. */
export interface When {
  readonly header?: Readonly<Record<string, Match>>;
  readonly cookie?: Readonly<Record<string, Match>>;
  readonly query?: Readonly<Record<string, Match>>;
  readonly segment?: Readonly<Record<string, Match>>;
  readonly method?: Match;
  /** Without the query. */
  readonly path?: Match;
}

/** `arm` forces; `weightBp` (0..10000) can only raise the rollout's weight, and only once that is above 0. */
export type Rule = { readonly when: When; readonly arm: Arm } | { readonly when: When; readonly weightBp: number };

/** A stage that was reached: its weight, for the requests its scope names (empty = all). */
export interface Reached {
  readonly weightBp: number;
  /** Segment name to the values that are in scope. */
  readonly scope: Readonly<Record<string, readonly string[]>>;
}

/**
 * Where the release is. `shadowing`: at a stage of weight 0; `baking`: at one above, `holdback`: at one from 95 % on; `extended`:
 * the stage's time is over and its guards have not passed; `promoted`: everybody is on canary, and Envoy's catch-all still leads
 * to stable; `completed`: it leads to the new version. In `rolling-back` (not yet confirmed by every decide thread) and
 * `rolled-back` nobody is on canary, whatever a rule says.
 */
export type Phase =
  | 'idle'
  | 'shadowing'
  | 'baking'
  | 'extended'
  | 'paused'
  | 'rolling-back'
  | 'rolled-back'
  | 'promoted'
  | 'holdback'
  | 'completed';

/**
 * For a first model. `answer`: Understudy serves this JSON text to the cluster of stable, at `listen` (`host:port`).
 * `outcome`: production is no model; its answers hold no prediction, and the candidate's are judged by outcomes later.
 */
export type Baseline = { readonly listen: string; readonly answer: string } | { readonly outcome: true };

export interface RolloutSnapshot {
  readonly name: string;
  /** Envoy route names that lead here. */
  readonly routes: readonly string[];
  /** Identity of (rollout, stable.version, canary.version, salt, unit). */
  readonly release: string;
  readonly phase: Phase;
  readonly stable: Version;
  readonly canary: Version;
  /** 0..4 */
  readonly shadows: readonly Shadow[];
  /** First present wins. */
  readonly unit: readonly UnitSource[];
  readonly segments: Readonly<Record<string, SegmentSource>>;
  /** First match wins. */
  readonly rules: readonly Rule[];
  /** First bytes of each body to be captured; both 0 = capture off. */
  readonly capture: { readonly requestBytes: number; readonly responseBytes: number };
  /** Undefined: answers are compared as a whole. */
  readonly prediction: PredictionSpec | undefined;
  /** What stands in for a stable version where there is none yet; undefined: there is one. */
  readonly baseline: Baseline | undefined;
  readonly salt: string;
  /** What a person set; while it is set, stages do not count. 0..10000. */
  readonly weightBp: number | undefined;
  /** Stages reached so far, in their order. */
  readonly reached: readonly Reached[];
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

/** Name of the shadow that `mirrorBack` makes. */
export const MIRROR_BACK = 'mirror-back';

/** What of a shadow tells what it is there for. */
export interface ShadowKind {
  readonly version: string;
  readonly onlyArm?: Arm | undefined;
}

/** A shadow that runs the stable version for what both arms answer: what it disagrees about with stable is noise. */
export function isTwin({ stable }: Pick<RolloutSnapshot, 'stable'>, { version, onlyArm }: ShadowKind): boolean {
  return version === stable.version && onlyArm === undefined;
}

/** A shadow that runs the stable version for what canary answers only: no noise can be learnt from it. */
export function isMirrorBack({ stable }: Pick<RolloutSnapshot, 'stable'>, { version, onlyArm }: ShadowKind): boolean {
  return version === stable.version && onlyArm === 'canary';
}
