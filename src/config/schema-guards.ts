/** The form of how a rollout goes on and what it is held to: `stages` and `guards`. */
import { z } from 'zod';
import type { Measure } from '../comparison/difference.ts';
import { amount } from './amount.ts';
import { editorForm, list, map, named, oneOrMore, read, readPart } from './forms.ts';
import { METRICS, type MetricWord } from './guard-metrics.ts';
import { toGuard } from './guards.ts';
import { decimal, duration, name, percent, text, wholeNumber } from './values.ts';

const choice = <Word extends string>(...words: readonly [Word, ...Word[]]) =>
  z.enum(words, { error: words.join(', ').replace(/, ([^,]+)$/, ' or $1') });
const flag = z.boolean({ error: 'true or false' });
const time = (min: string, max: string, example: string) => duration(min, max, example);

const segmentValues = oneOrMore(text, 'a value of the segment or a list of them');
const stageScope = named(segmentValues, 'segment');

export const stage = map({
  name: name.describe('Used once in the rollout.'),
  weight: percent.describe('Share of units on canary; without a scope never less than in the stage before.'),
  scope: stageScope.prefault({}).describe('Only requests with these values of these segments; left out: everybody.'),
  hold: map({
    time: time('0s', '60d', '30m').prefault('0s').describe('At least so long.'),
    pairs: wholeNumber(0, 1_000_000_000).prefault(0).describe('Until at least so many pairs were compared.'),
    requests: wholeNumber(0, 1_000_000_000).prefault(0).describe('Until canary has answered at least so many.'),
    atMost: time('10s', '180d', '6h')
      .optional()
      .describe(
        'Not promoted within this time beyond hold.time: pauses for a person; 3 x time where left out, at least 1h.',
      ),
  })
    .prefault({})
    .describe('How long it lasts: all of it must be reached.'),
  approve: choice('automatic', 'required').prefault('automatic').describe('Whether a person has to agree to go on.'),
});

const guardScope = named(
  read(
    (value, refuse): readonly string[] | 'each' | undefined =>
      value === 'each' ? 'each' : readPart(segmentValues, value, refuse),
    { anyOf: [{ const: 'each' }, editorForm(segmentValues)] },
  ),
  'segment',
);

const measures = [
  ...(['difference', 'ratio', 'divergence', 'overlap', 'tau', 'novelty', 'reference-diversity'] as const),
  ...(['candidate-diversity', 'jaccard', 'similarity', 'paths', 'flip'] as const),
] as const satisfies readonly Measure[];
const metrics = Object.keys(METRICS) as [MetricWord, ...MetricWord[]];

const linkForm = 'an http or https address without a user in it';
// the spec is written into events
const link = z.string({ error: linkForm }).regex(/^https?:\/\/[^\s/@]+(\/\S*)?$/, linkForm);

export const guardForm = map({
  name: name.describe('Used once in the rollout.'),
  metric: choice(...metrics).describe('What is looked at.'),
  field: text.optional().describe('Of a pair metric: the field of prediction.'),
  quantile: decimal(0.001, 0.9999).optional().describe('Of a latency or shift, for example 0.95.'),
  measure: choice(...measures)
    .optional()
    .describe('Of pair.difference: what of the comparison; difference where left out.'),
  net: flag.optional().describe('Of pair.agreement: without what a twin shadow disagrees about.'),
  statistic: choice('psi', 'ks').optional().describe('Of pair.drift; psi where left out.'),
  outcome: text.optional().describe('Of outcome: its name, as RecordOutcomes has it.'),
  of: choice('ratio', 'mean', 'per-unit')
    .optional()
    .describe('Of outcome: share of exposures, mean of values, or value per unit; ratio where left out.'),
  attribution: time('1s', '60d', '30m')
    .optional()
    .describe('Of outcome: younger exposures are not looked at, in either arm; 30m where left out.'),
  url: link.optional().describe('Of prometheus: where it answers.'),
  query: text.optional().describe('Of prometheus: PromQL with one number as its answer.'),
  every: time('5s', '1h', '30s').optional().describe('Of prometheus: how often it is asked; 30s where left out.'),
  max: amount.optional().describe('More is too much.'),
  min: amount.optional().describe('Less is too little.'),
  maxDrop: amount.optional().describe('Of outcome: how much less than stable it may be.'),
  versus: choice('stable').optional().describe('max is a margin over what stable has.'),
  for: time('0s', '7d', '15m').optional().describe('Covered time for which the limit must be broken.'),
  clear: amount.optional().describe('Only beyond it, on the good side, the time of `for` starts anew.'),
  window: time('10s', '24h', '5m').optional().describe('How far back a limit looks.'),
  minN: wholeNumber(1, 1_000_000_000).optional().describe('Fewer in the window say nothing.'),
  missing: choice('hold', 'breach', 'ignore')
    .prefault('hold')
    .describe('What no data does to `for`: stands still, counts as broken, or goes on as before.'),
  evidence: choice('e-value', 'none')
    .optional()
    .describe('none: the bare limit, without a test that may be looked at any time.'),
  alpha: decimal(0.000001, 0.5).optional().describe('Chance of a false alarm in the life of a release.'),
  warmUp: time('0s', '1h', '2m').optional().describe('After a change of weight, not looked at.'),
  action: choice('block', 'pause', 'rollback', 'alert').optional().describe('What it does when it fails.'),
  promote: choice('shown', 'unless-harm')
    .optional()
    .describe(
      'shown: no stage is left before all is shown to be fine; unless-harm: only harm, or no data, holds it up.',
    ),
  dryRun: flag.prefault(false).describe('Is shown, and moves nothing.'),
  scope: guardScope.prefault({}).describe('Only these values of a segment, or each of its values on its own.'),
});

export type GuardEntry = z.output<typeof guardForm>;

/** Complete: every default is filled in. */
export const guard = guardForm.transform((entry, context) => {
  const spec = toGuard(entry, (expected, { path = [], ...params } = {}) => {
    context.addIssue({ code: 'custom', message: expected, path: [...path], params });
    return undefined;
  });
  return spec ?? z.NEVER;
});

export const stages = list(stage, 'stages').min(1, 'at least one stage');
export const MAX_GUARDS = 32;
export const guards = list(guard, 'guards').max(MAX_GUARDS, `at most ${MAX_GUARDS} guards`);

export type StageEntry = z.output<typeof stage>;
