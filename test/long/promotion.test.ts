import { test } from 'vitest';
import { copiesArePromoted } from '../system/promoted.ts';

test('twenty of twenty copies of the stable version are promoted to the end', async () => {
  const seeds = Array.from({ length: 20 }, (_, n) => 101 + n);
  await copiesArePromoted(seeds, { ratePerSecond: 12, withinMs: 800_000 });
}, 900_000);
