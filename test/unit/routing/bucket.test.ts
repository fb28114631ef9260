import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bucketOf } from '../../../src/routing/bucket.ts';

describe('bucketOf', () => {
  // computed with the reference library's Python binding: xxh64(salt + "\0header\0" + value, seed=0) % 10000
  test.each([
    ['flight-delay/2.0.0', 'user-00001', 9666],
    ['flight-delay/2.0.0', 'user-00042', 7839],
    ['ranker/2.0.0', 'alice', 8454],
    ['ranker/2.1.0', 'alice', 6356],
    ['ranker/2.0.0', '日本-ünïcode', 115],
    ['', 'x', 624],
  ])('salt %j and value %j have the published bucket %i', (salt, value, bucket) => {
    expect(bucketOf(salt, 'header', value)).toBe(bucket);
  });

  test('is a whole number from 0 to 9999 for any salt and value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (salt, value) => {
        const bucket = bucketOf(salt, 'header', value);
        expect(Number.isInteger(bucket) && bucket >= 0 && bucket < 10_000).toBe(true);
      }),
    );
  });

  test('spreads 100,000 units evenly: chi-square over 100 classes stays below its 99.99 % quantile', () => {
    const classes = new Array<number>(100).fill(0);
    for (let unit = 0; unit < 100_000; unit++) {
      const index = Math.floor(bucketOf('ranker/2.0.0', 'header', `user-${unit}`) / 100);
      classes[index] = (classes[index] ?? 0) + 1;
    }
    const chiSquare = classes.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0);
    expect(chiSquare).toBeLessThan(161.3); // 99 degrees of freedom
  });
});
