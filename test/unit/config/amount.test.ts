import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Amount, parseAmount } from '../../../src/config/amount.ts';

test.each<[string, Amount]>([
  ['50ms', { unit: 'ms', value: 50 }],
  ['1.5 s', { unit: 'ms', value: 1_500 }],
  ['0.1%', { unit: 'share', value: 0.001 }],
  ['0.7 %', { unit: 'share', value: 0.007 }],
  ['10% relative', { unit: 'relative', value: 0.1 }],
  ['0.1 points', { unit: 'points', value: 0.001 }],
  ['1 point', { unit: 'points', value: 0.01 }],
  ['0.25', { unit: 'number', value: 0.25 }],
])('%s is %j', (text, amount) => {
  expect(parseAmount(text)).toEqual(amount);
});

test.each(['', '%', '-1%', '1e3', '5 percent', '10 relative', '50 msec', '1,5%', '5% points', 'Infinity'])(
  '%j is no threshold',
  (text) => {
    expect(parseAmount(text)).toBeUndefined();
  },
);

test('any whole number of basis points is read exactly', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000 }), (bp) => {
      expect(parseAmount(`${(bp / 100).toFixed(2)}%`)?.value).toBe(bp / 10_000);
    }),
  );
});
