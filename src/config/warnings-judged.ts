/** What good stages and guards may not mean: allowed, but somebody should know. */
import type { GuardSpec } from '../guards/spec.ts';
import { isLimit, subjectOf } from '../guards/subject.ts';
import { MAX_JUDGED_FIELDS } from './plan-presets.ts';
import type { RolloutEntry } from './schema.ts';
import type { Path } from './source.ts';
import type { Warning } from './warning.ts';

type Place = (...steps: Path) => Path;

export function judgedWarnings(rollout: RolloutEntry, at: Place): Warning[] {
  const { stages = [], guards } = rollout;
  return [
    ...withoutShadowStage(stages, at),
    ...withoutHold(stages, at),
    ...seenByNobody(rollout, at),
    ...unjudgedFields(rollout, at),
    ...guards.flatMap((guard, n) => bareLimit(guard, at('guards', n, 'evidence'))),
  ];
}

function withoutShadowStage(stages: NonNullable<RolloutEntry['stages']>, at: Place): Warning[] {
  const [first] = stages;
  if (first === undefined || first.weight === 0) return [];
  const message = 'the first stage is not at weight 0%: users meet the canary before it was rehearsed';
  return [{ path: at('stages', 0, 'weight'), message }];
}

function withoutHold(stages: NonNullable<RolloutEntry['stages']>, at: Place): Warning[] {
  return stages.flatMap(({ hold, approve }, n) => {
    const isHeld = hold.time + hold.pairs + hold.requests > 0 || approve === 'required' || n === stages.length - 1;
    return isHeld ? [] : [{ path: at('stages', n), message: 'no hold: it is over as soon as its guards pass' }];
  });
}

/** At weight 0 limits of what answers users are about stable. */
function seenByNobody({ stages = [], guards, shadows, canary }: RolloutEntry, at: Place): Warning[] {
  const candidateShadow = shadows.find(({ version }) => version === canary.version)?.name;
  const looks = guards.some((guard) => subjectOf(guard, 0, { candidateShadow }).subject === 'pairs');
  return stages.flatMap(({ weight, approve }, n) => {
    if (weight > 0 || approve === 'required' || looks || n === stages.length - 1) return [];
    const message = 'at weight 0% no guard looks at pairs: nothing of the canary is judged in this stage';
    return [{ path: at('stages', n), message }];
  });
}

function unjudgedFields({ plan, prediction }: RolloutEntry, at: Place): Warning[] {
  const fields = Object.keys(prediction?.fields ?? {});
  if (plan === undefined || fields.length <= MAX_JUDGED_FIELDS) return [];
  const more = fields.slice(MAX_JUDGED_FIELDS).join(', ');
  return [
    { path: at('plan'), message: `it judges the first ${MAX_JUDGED_FIELDS} fields of prediction, and not ${more}` },
  ];
}

/** How often the bare rule fires on healthy days, simulated at 100 requests a second (research/statistics.md 13.1, 11.4). */
function falseAlarms({ what, threshold, forMs }: GuardSpec): string {
  if (what.metric === 'outcome') {
    const share = forMs >= 30 * 60_000 ? '99.8 %' : 'nearly all';
    return `in simulation it fired on ${share} of healthy days`;
  }
  if (what.metric === 'error-rate' && 'relative' in threshold) {
    return 'in simulation "canary at most twice stable" fired on 100 % of healthy days';
  }
  return 'in simulation even a z-test looked at each minute fired on 39 % of healthy days';
}

function bareLimit(guard: GuardSpec, path: Path): Warning[] {
  if (guard.evidence === 'e-value' || isLimit(guard)) return [];
  return [{ path, message: `a comparison with stable without evidence: ${falseAlarms(guard)}` }];
}
