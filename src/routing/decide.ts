/** The decision: which arm answers a request and which shadows get a copy. Pure; the same facts give the same answer. */
import { bucketOf } from './bucket.ts';
import { chooseMirrors } from './mirror.ts';
import type { Arm, RolloutSnapshot, Shadow, Snapshot, When } from './snapshot.ts';

/** What a decision may look at. */
export interface RequestFacts {
  /** Envoy's route name. */
  readonly route: string;
  readonly method: string;
  /** Value by lower-case name. */
  readonly header: (name: string) => string | undefined;
  readonly hasBody: boolean;
}

/** Why the arm is what it is: by bucket and weight, forced by a rule, no unit found, or the request is a shadow's copy. */
export type Reason = 'hash' | 'rule' | 'no-unit' | 'already-shadow';
export type SkipReason = 'same-version' | 'upgrade' | 'body-too-large' | 'body-length-unknown';

export interface MirroredShadow {
  /** 1..4, Envoy's mirror slot. */
  readonly slot: number;
  readonly shadow: Shadow;
}

export interface SkippedShadow {
  readonly shadow: Shadow;
  readonly reason: SkipReason;
}

/** What we answer Envoy for one request of a known rollout. */
export interface Decision {
  readonly rollout: RolloutSnapshot;
  readonly arm: Arm;
  readonly reason: Reason;
  /** Effective weight, basis points. */
  readonly weightBp: number;
  /** Only segments the request has. */
  readonly segments: Readonly<Record<string, string>>;
  readonly unit: { readonly source: string; readonly value: string } | undefined;
  /** 0..9999; undefined without a unit and where no hash was needed. */
  readonly bucket: number | undefined;
  /** Position of the rule that matched. */
  readonly rule: number | undefined;
  readonly mirrors: readonly MirroredShadow[];
  readonly skipped: readonly SkippedShadow[];
}

/** How often decisions of one rollout came out one way. */
export interface DecisionCount {
  readonly rollout: string;
  readonly arm: Arm;
  readonly reason: Reason;
  readonly count: number;
}

/** The header every mirrored copy carries. It is outside the prefix the edge strips, so a copy that leads back is known. */
const SHADOWED_HEADER = 'x-shadowed';

/** A snapshot made ready for look-ups by route. */
export interface CompiledSnapshot {
  readonly snapshot: Snapshot;
  readonly byRoute: ReadonlyMap<string, RolloutSnapshot>;
}

export function compileSnapshot(snapshot: Snapshot): CompiledSnapshot {
  return {
    snapshot,
    byRoute: new Map(snapshot.rollouts.flatMap((rollout) => rollout.routes.map((route) => [route, rollout] as const))),
  };
}

/** The decision for one request; undefined when no rollout has its route. */
export function decide({ byRoute }: CompiledSnapshot, facts: RequestFacts): Decision | undefined {
  const rollout = byRoute.get(facts.route);
  if (rollout === undefined) return undefined;
  const choice = facts.header(SHADOWED_HEADER) === undefined ? chooseArm(rollout, facts) : COPY;
  const mirroring = choice === COPY ? NO_MIRRORS : chooseMirrors(rollout, choice.arm, facts);
  return { rollout, ...choice, ...mirroring };
}

type Choice = Pick<Decision, 'arm' | 'reason' | 'weightBp' | 'segments' | 'unit' | 'bucket' | 'rule'>;

const COPY: Choice = {
  arm: 'stable',
  reason: 'already-shadow',
  weightBp: 0,
  segments: {},
  unit: undefined,
  bucket: undefined,
  rule: undefined,
};
const NO_MIRRORS = { mirrors: [], skipped: [] };

function chooseArm(rollout: RolloutSnapshot, facts: RequestFacts): Choice {
  const segments = segmentsOf(rollout, facts);
  const unit = unitOf(rollout, facts);
  const index = rollout.rules.findIndex((rule) => matches(rule.when, facts, segments));
  const rule = rollout.rules[index];
  const found = { segments, unit, rule: rule === undefined ? undefined : index };
  if (rule !== undefined && 'arm' in rule) {
    return { ...found, arm: rule.arm, reason: 'rule', weightBp: rollout.weightBp, bucket: undefined };
  }
  const weightBp = effectiveWeight(rollout.weightBp, rule?.weightBp);
  if (unit === undefined) return { ...found, arm: 'stable', reason: 'no-unit', weightBp, bucket: undefined };
  const bucket = bucketOf(rollout.salt, 'header', unit.value);
  return { ...found, arm: bucket < weightBp ? 'canary' : 'stable', reason: 'hash', weightBp, bucket };
}

/** A rule can only raise the weight, and only once it is above 0: so weight 0 leaves nobody on canary by a rule's weight. */
function effectiveWeight(baseBp: number, ruleBp: number | undefined): number {
  return baseBp === 0 || ruleBp === undefined ? baseBp : Math.max(baseBp, ruleBp);
}

function segmentsOf(rollout: RolloutSnapshot, facts: RequestFacts): Record<string, string> {
  const segments: Record<string, string> = {};
  for (const [name, { header }] of Object.entries(rollout.segments)) {
    const value = facts.header(header);
    if (value !== undefined && value !== '') segments[name] = value;
  }
  return segments;
}

function unitOf(rollout: RolloutSnapshot, facts: RequestFacts): Decision['unit'] {
  for (const { header } of rollout.unit) {
    const value = facts.header(header);
    if (value !== undefined && value !== '') return { source: header, value };
  }
  return undefined;
}

function matches(when: When, facts: RequestFacts, segments: Readonly<Record<string, string>>): boolean {
  for (const [name, value] of Object.entries(when.header ?? {})) if (facts.header(name) !== value) return false;
  for (const [name, values] of Object.entries(when.segment ?? {})) {
    const value = segments[name];
    if (value === undefined || !values.includes(value)) return false;
  }
  return true;
}
