/** How thresholds of guards are written: what they are of is said with them. */
import { read } from './forms.ts';

/**
 * `ms` milliseconds; `share` a fraction of 1 (`0.1%` = 0.001); `relative` a fraction of what stable has; `points` a difference
 * of two shares (`0.1 points` = 0.001); `number` as it is.
 */
export interface Amount {
  readonly unit: 'ms' | 'share' | 'relative' | 'points' | 'number';
  readonly value: number;
}

const amountForm = /^(\d{1,9}(?:\.\d{1,6})?) ?(ms|s|%|% relative|points?)?$/;

/** Undefined when it is none. */
export function parseAmount(text: string): Amount | undefined {
  const [, digits, unit = ''] = amountForm.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const value = Number(digits);
  // 0.7 / 100 is 0.006999999999999999
  const hundredth = Number((value / 100).toPrecision(12));
  switch (unit) {
    case 'ms':
      return { unit: 'ms', value };
    case 's':
      return { unit: 'ms', value: Number((value * 1_000).toPrecision(12)) };
    case '%':
      return { unit: 'share', value: hundredth };
    case '% relative':
      return { unit: 'relative', value: hundredth };
    case 'point':
    case 'points':
      return { unit: 'points', value: hundredth };
    default:
      return { unit: 'number', value };
  }
}

const expected = 'a threshold, for example 50ms, 0.1%, 10% relative, 0.1 points or 0.2';

export const amount = read(
  (value, refuse): Amount | undefined => {
    if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return { unit: 'number', value };
    return (typeof value === 'string' ? parseAmount(value) : undefined) ?? refuse(expected);
  },
  {
    anyOf: [
      { type: 'number', minimum: 0 },
      { type: 'string', pattern: amountForm.source },
    ],
  },
);
