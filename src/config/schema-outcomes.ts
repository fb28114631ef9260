/** The form of what is kept of exposures and outcomes: `outcomes`. */
import { map } from './forms.ts';
import { absolutePath, duration, percent, wholeNumber } from './values.ts';

export const outcomes = map({
  database: absolutePath.describe('Absolute path of a SQLite file of its own. Needs a restart.'),
  sample: percent.prefault('100%').describe('Share of units of which exposures and outcomes are kept.'),
  keep: duration('1h', '90d', '7d')
    .prefault('7d')
    .describe('Older exposures and outcomes are deleted; longer than any attribution of a guard.'),
  maxExposures: wholeNumber(1_000, 100_000_000)
    .prefault(5_000_000)
    .describe('Beyond it the oldest are deleted; as many outcomes are kept.'),
});
