/** The whole path of a decision in sentences, for `understudy explain`. Pure. */
import { type CompiledSnapshot, type Decision, decide } from './decide.ts';
import type { RequestFacts } from './facts.ts';
import type { LookUpGeo } from './segments.ts';

/** One sentence per step, in the order decisions are made. */
export function explainDecision(
  compiled: CompiledSnapshot,
  facts: RequestFacts,
  lookUp?: LookUpGeo,
): { readonly decision: Decision | undefined; readonly steps: readonly string[] } {
  const decision = decide(compiled, facts, lookUp);
  const steps =
    decision === undefined
      ? [`no rollout has route ${facts.route}: Envoy's own route answers, nothing is mirrored`]
      : [`route ${facts.route} leads to rollout ${decision.rollout.name}`, ...armSteps(compiled, facts, decision)];
  return { decision, steps };
}

function armSteps(compiled: CompiledSnapshot, facts: RequestFacts, decision: Decision): string[] {
  const { rollout, reason, arm, unit, bucket, baseBp, weightBp } = decision;
  if (reason === 'already-shadow')
    return ['x-shadowed is set: a copy that led back, stable answers, nothing is mirrored'];
  const answers = `${arm} answers: cluster ${rollout[arm].cluster}, version ${rollout[arm].version}`;
  if (reason === 'kill-switch')
    return [`the release is ${rollout.phase}: stable for everyone`, answers, ...shadowSteps(decision)];
  const found = Object.entries(decision.segments).map(([name, value]) => `segment ${name} is ${value}`);
  const missing = Object.keys(rollout.segments).filter((name) => decision.segments[name] === undefined);
  return [
    ...found,
    ...missing.map((name) => `segment ${name} is not known`),
    ...ruleSteps(compiled, facts, decision),
    `weight is ${percent(baseBp)}${weightBp === baseBp ? '' : `, raised to ${percent(weightBp)} by the rule`}`,
    ...(reason === 'rule'
      ? []
      : [unit === undefined ? 'no unit source has a value: stable' : `unit from ${unit.source}`]),
    ...(bucket === undefined ? [] : [`bucket ${bucket} is ${bucket < weightBp ? 'below' : 'not below'} ${weightBp}`]),
    answers,
    ...shadowSteps(decision),
  ];
}

function ruleSteps({ byRoute }: CompiledSnapshot, facts: RequestFacts, { rule, segments }: Decision): string[] {
  const rules = byRoute.get(facts.route)?.rules ?? [];
  return rules.slice(0, rule === undefined ? rules.length : rule + 1).map(({ conditions, rule: tried }, index) => {
    const failed = conditions.find(({ holds }) => !holds(facts, segments));
    if (failed !== undefined) return `rule ${index} does not match: not ${failed.sentence}`;
    const effect = 'arm' in tried ? `arm ${tried.arm}` : `weight at least ${percent(tried.weightBp)}, once above 0 %`;
    return `rule ${index} matches: ${conditions.map(({ sentence }) => sentence).join(' and ')}: ${effect}`;
  });
}

function shadowSteps({ mirrors, skipped }: Decision): string[] {
  return [
    ...mirrors.map(({ slot, shadow }) => `shadow ${shadow.name} gets a copy: slot ${slot}, cluster ${shadow.cluster}`),
    ...skipped.map(({ shadow, reason }) => `shadow ${shadow.name} gets none: ${reason}`),
  ];
}

function percent(weightBp: number): string {
  return `${weightBp / 100} %`;
}
