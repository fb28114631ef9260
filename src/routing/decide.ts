/** The decision: which arm answers a request and which shadows get a copy. Pure; the same facts give the same answer. */
import { bucketOf } from './bucket.ts';
import type { RequestFacts } from './facts.ts';
import { chooseMirrors, type MirroredShadow, type SkippedShadow } from './mirror.ts';
import { type CompiledRule, compileRule, ruleMatches } from './rules.ts';
import { type LookUpGeo, segmentsOf } from './segments.ts';
import type { Arm, RolloutSnapshot, Snapshot } from './snapshot.ts';
import { type Unit, unitOf } from './unit.ts';
import { baseWeight, effectiveWeight } from './weight.ts';

/**
 * Why the arm is what it is: by bucket and weight, forced by a rule, no unit found, the request is a shadow's copy, or the
 * release is being, or was, rolled back.
 */
export type Reason = 'hash' | 'rule' | 'no-unit' | 'already-shadow' | 'kill-switch';

/** What we answer Envoy for one request of a known rollout. */
export interface Decision {
  readonly rollout: RolloutSnapshot;
  readonly arm: Arm;
  readonly reason: Reason;
  /** Before a rule raised it, basis points. */
  readonly baseBp: number;
  /** Effective weight, basis points. */
  readonly weightBp: number;
  /** Only segments the request has. */
  readonly segments: Readonly<Record<string, string>>;
  readonly unit: Unit | undefined;
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

export interface CompiledRollout {
  readonly rollout: RolloutSnapshot;
  readonly rules: readonly CompiledRule[];
}

/** A snapshot made ready for look-ups by route. */
export interface CompiledSnapshot {
  readonly snapshot: Snapshot;
  readonly byRoute: ReadonlyMap<string, CompiledRollout>;
}

/** Throws RE2JSException on a pattern that RE2 does not know; the configuration refuses those before. */
export function compileSnapshot(snapshot: Snapshot): CompiledSnapshot {
  const entries = snapshot.rollouts.flatMap((rollout) => {
    const compiled = { rollout, rules: rollout.rules.map(compileRule) };
    return rollout.routes.map((route) => [route, compiled] as const);
  });
  return { snapshot, byRoute: new Map(entries) };
}

/** The decision for one request; undefined when no rollout has its route. */
export function decide(
  { byRoute }: CompiledSnapshot,
  facts: RequestFacts,
  lookUp: LookUpGeo = knowsNothing,
): Decision | undefined {
  const compiled = byRoute.get(facts.route);
  if (compiled === undefined) return undefined;
  const { rollout } = compiled;
  if (facts.header(SHADOWED_HEADER) !== undefined) return { rollout, ...COPY };
  const choice = chooseArm(compiled, facts, lookUp);
  return { rollout, ...choice, ...chooseMirrors(rollout, choice.arm, facts, choice.unit) };
}

function knowsNothing(): undefined {}

type Choice = Omit<Decision, 'rollout' | 'mirrors' | 'skipped'>;

const COPY: Omit<Decision, 'rollout'> = {
  arm: 'stable',
  reason: 'already-shadow',
  baseBp: 0,
  weightBp: 0,
  segments: {},
  unit: undefined,
  bucket: undefined,
  rule: undefined,
  mirrors: [],
  skipped: [],
};

function chooseArm({ rollout, rules }: CompiledRollout, facts: RequestFacts, lookUp: LookUpGeo): Choice {
  const segments = segmentsOf(rollout.segments, facts, lookUp);
  const unit = unitOf(rollout.unit, facts);
  const found = { segments, unit, bucket: undefined, rule: undefined };
  if (rollout.phase === 'rolling-back' || rollout.phase === 'rolled-back') {
    return { ...found, arm: 'stable', reason: 'kill-switch', baseBp: 0, weightBp: 0 };
  }
  const baseBp = baseWeight(rollout, segments);
  const index = rules.findIndex((rule) => ruleMatches(rule, facts, segments));
  const rule = rules[index]?.rule;
  const matched = { ...found, baseBp, rule: rule === undefined ? undefined : index };
  if (rule !== undefined && 'arm' in rule) return { ...matched, arm: rule.arm, reason: 'rule', weightBp: baseBp };
  const weightBp = effectiveWeight(baseBp, rule?.weightBp);
  if (unit === undefined) return { ...matched, arm: 'stable', reason: 'no-unit', weightBp };
  const bucket = bucketOf(rollout.salt, unit.kind, unit.value);
  return { ...matched, arm: bucket < weightBp ? 'canary' : 'stable', reason: 'hash', weightBp, bucket };
}
