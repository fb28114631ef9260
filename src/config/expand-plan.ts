/** From `plan` to the `stages` and `guards` that it stands for. Pure. */
import type { GuardSpec } from '../guards/spec.ts';
import { type WrittenPlan, writePreset } from './plan-presets.ts';
import type { RolloutEntry } from './schema.ts';
import { guards as guardsForm, stages as stagesForm } from './schema-guards.ts';
import type { Path, Source } from './source.ts';
import type { WellFormed } from './well-formed.ts';

type Rollout = WellFormed<RolloutEntry>;

/** Undefined: it has no `plan`, or none that fits (contradictions-plan.ts says why). */
function writtenPlanOf(rollout: Rollout): WrittenPlan | undefined {
  const { plan, prediction, shadows, stable } = rollout;
  if (plan === undefined || whyUnfit(rollout).length > 0) return undefined;
  const fields = Object.keys(prediction?.fields ?? {});
  const hasTwin = (shadows ?? []).some((shadow) => shadow?.version !== undefined && shadow.version === stable?.version);
  return writePreset(plan as NonNullable<RolloutEntry['plan']>, { fields, hasTwin });
}

/** What of the rollout the preset is not made for. Paths are inside the rollout. */
export function whyUnfit({ plan, prediction, shadows, canary, segments, baseline }: Rollout) {
  if (plan === undefined) return [];
  const { preset, segment } = plan as NonNullable<RolloutEntry['plan']>;
  const faults: { readonly path: Path; readonly expected: string; readonly reason?: string }[] = [];
  const refuse = (expected: string, reason: string) => faults.push({ path: ['plan'], expected, reason });
  const isFirst = preset === 'first-model';
  if (isFirst && baseline === undefined)
    refuse('baseline to be set for it', 'it is a plan for a model without a stable one');
  if (!isFirst && baseline !== undefined)
    refuse('first-model', 'with a baseline there is no stable model to agree with');
  if (!isFirst && Object.keys(prediction?.fields ?? {}).length === 0) {
    refuse('prediction.fields to be set for it', 'the agreement of each field is what moves it from stage to stage');
  }
  const version = canary?.version;
  const isRehearsed = (shadows ?? []).some((shadow) => shadow?.version === undefined || shadow.version === version);
  if (version !== undefined && shadows !== undefined && !isRehearsed) {
    refuse('a shadow of the canary version for it', `its first stage waits for pairs, and no shadow runs ${version}`);
  }
  if (segment !== undefined && segments !== undefined && !Object.hasOwn(segments, segment)) {
    faults.push({ path: ['plan', 'segment'], expected: 'a segment that the rollout defines' });
  }
  return faults;
}

/** With the preset's stages where it has none of its own, and the preset's guards after its own, less those of the same name. */
export function expandPlan<Entry extends Rollout>(rollout: Entry): Entry {
  const written = writtenPlanOf(rollout);
  if (written === undefined) return rollout;
  const own = (rollout.guards ?? []) as readonly (GuardSpec | undefined)[];
  return {
    ...rollout,
    stages: rollout.stages ?? stagesForm.parse(written.stages),
    guards: [...own, ...guardsForm.parse(missingFrom(own, written))],
  };
}

function missingFrom(
  own: readonly ({ readonly name: string | undefined } | undefined)[],
  { guards }: WrittenPlan,
): WrittenPlan['guards'] {
  const names = new Set(own.map((guard) => guard?.name));
  return guards.filter(({ name }) => !names.has(name));
}

/** A plan with a name as `stages` and `guards` of the file would say it. */
export interface WrittenOut {
  readonly rollout: string;
  readonly preset: string;
  readonly stages: readonly unknown[];
  readonly guards: readonly unknown[];
}

/** `plain`: the values of the file that `rollouts` was read from. */
export function writtenPlans(rollouts: readonly RolloutEntry[], plain: unknown): WrittenOut[] {
  const file = plain as { readonly rollouts: readonly { readonly stages?: unknown[]; readonly guards?: unknown[] }[] };
  return rollouts.flatMap((rollout, i): WrittenOut[] => {
    const written = writtenPlanOf(rollout);
    if (rollout.plan === undefined || written === undefined) return [];
    const { stages = written.stages, guards = [] } = file.rollouts[i] ?? {};
    const { preset } = rollout.plan;
    return [{ rollout: rollout.name, preset, stages, guards: [...guards, ...missingFrom(rollout.guards, written)] }];
  });
}

/** Says what is wrong in expanded rollouts: of what came from a preset, at `plan`. */
export function problemIn(source: Source, rollouts: readonly (Rollout | undefined)[]): Source['problem'] {
  return (path, expected, fault) => {
    const preset = presetPart(rollouts, path);
    if (preset === undefined) return source.problem(path, expected, fault);
    const message = fault?.message === undefined ? {} : { message: `${preset}: ${fault.message}` };
    return source.problem([...path.slice(0, 2), 'plan'], `${expected} (${preset})`, {
      ...fault,
      atKey: false,
      ...message,
    });
  };
}

/** What of a preset stands at `path`; undefined: it is in the file. */
function presetPart(rollouts: readonly (Rollout | undefined)[], path: Path): string | undefined {
  const [top, i, list, n] = path;
  const rollout = top === 'rollouts' && typeof i === 'number' ? rollouts[i] : undefined;
  if (rollout?.plan === undefined || (list !== 'stages' && list !== 'guards')) return undefined;
  const own = rollout[list] ?? [];
  if (typeof n !== 'number') return own.length > 0 ? undefined : `its ${list}`;
  return n < own.length ? undefined : `its ${list.slice(0, -1)} ${expandPlan(rollout)[list]?.[n]?.name}`;
}
