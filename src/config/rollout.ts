/** From an entry of `rollouts` to the spec that it means. */
import type { RolloutSpec } from '../rollout/spec.ts';
import { MIRROR_BACK, type Rule, type Shadow } from '../routing/snapshot.ts';
import { toStage } from './guards.ts';
import { toBaseline, toPrediction } from './prediction.ts';
import type { RolloutEntry } from './schema.ts';
import type { Lists } from './top-k.ts';

/** Of an expanded entry: its stages and guards are its own. */
export function toSpec(rollout: RolloutEntry, lists: Lists): RolloutSpec {
  const { plan: _, route, salt, initialWeight, capture, rules, stages, ...written } = rollout;
  const { shadows, mirrorBack, prediction, baseline, ...entry } = written;
  return {
    ...entry,
    prediction: prediction && toPrediction(prediction),
    baseline: baseline && toBaseline(baseline, lists.texts),
    shadows: [...shadows.map(toShadow), ...(mirrorBack === undefined ? [] : [toMirrorBack(mirrorBack, entry.stable)])],
    routes: route ?? [entry.name],
    rules: rules.map(toRule),
    capture: { requestBytes: capture.request, responseBytes: capture.response },
    salt: salt ?? `${entry.name}/${entry.canary.version}`,
    initialWeightBp: initialWeight ?? 0,
    stages: (stages ?? []).map(toStage),
  };
}

function toShadow({ sample, maxBody, maxPerSecond, ...shadow }: RolloutEntry['shadows'][number]): Shadow {
  return { ...shadow, sampleBp: sample, maxBodyBytes: maxBody, maxPerSecond, onlyArm: undefined };
}

/** The last shadow, in the slot after the others'. */
function toMirrorBack(entry: NonNullable<RolloutEntry['mirrorBack']>, { version }: RolloutEntry['stable']): Shadow {
  return { ...toShadow({ ...entry, name: MIRROR_BACK, version }), onlyArm: 'canary' };
}

function toRule({ when: conditions, arm, weight }: RolloutEntry['rules'][number]): Rule {
  const when = Object.fromEntries(Object.entries(conditions).filter(([, match]) => match !== undefined));
  return arm === undefined ? { when, weightBp: weight ?? 0 } : { when, arm };
}
