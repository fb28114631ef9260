/** The form of `plan`: a preset by its name, or with what it is to be made for. */
import { z } from 'zod';
import { editorForm, map, oneOrMore } from './forms.ts';
import { duration, text } from './values.ts';

export const PLAN_PRESETS = ['careful', 'recommended', 'fast', 'one-region-first', 'first-model'] as const;
export type PlanPreset = (typeof PLAN_PRESETS)[number];

const names = PLAN_PRESETS.join(', ').replace(/, ([\w-]+)$/, ' or $1');
const preset = z.enum(PLAN_PRESETS, { error: names });
const values = oneOrMore(text, 'a value of the segment or a list of them');

const planMap = map({
  preset: preset.describe('Where stages and guards come from.'),
  p95: duration('1ms', '1h', '50ms')
    .optional()
    .describe('What 95 % of answers must be faster than; 50ms where left out, 500ms with fast.'),
  outcome: text.optional().describe('Name of an outcome that must not drop; left out: none is looked at.'),
  segment: text.optional().describe('Of one-region-first: a segment of the rollout.'),
  first: values.optional().describe('Of one-region-first: its values to begin with.'),
  // biome-ignore lint/suspicious/noThenProperty: a key of the file; a list is never awaited
  then: values.optional().describe('Of one-region-first: its values that follow, before everybody else.'),
});

const REGION_KEYS = ['segment', 'first', 'then'] as const;

/** A name stands for a map with nothing but that preset. */
export const planForm = z
  .unknown()
  .transform((value, context) => {
    if (typeof value !== 'string') return value;
    if (preset.safeParse(value).success) return { preset: value };
    context.addIssue({ code: 'custom', message: names });
    return z.NEVER;
  })
  .pipe(
    planMap.superRefine((plan, context) => {
      const refuse = (key: string, message: string, atKey = false) =>
        context.addIssue({ code: 'custom', path: [key], message, params: { atKey } });
      if (plan.preset !== 'one-region-first') {
        const strange = REGION_KEYS.filter((key) => plan[key] !== undefined);
        for (const key of strange) refuse(key, `a key of preset ${plan.preset} (p95, outcome)`, true);
        return;
      }
      if (plan.segment === undefined) refuse('segment', 'a segment of the rollout with preset one-region-first');
      if (plan.first === undefined) refuse('first', 'values of the segment with preset one-region-first');
      if (plan.then?.some((value) => plan.first?.includes(value))) refuse('then', 'values that are not in first');
    }),
  )
  .meta({ anyOf: [editorForm(preset), editorForm(planMap)] });

export type PlanEntry = z.output<typeof planForm>;
