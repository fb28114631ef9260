import { test } from 'vitest';
import { copiesArePromoted } from './promoted.ts';

test('a copy of the stable version is promoted to the end by evidence alone, nobody is moved back and no request fails', async () => {
  await copiesArePromoted([1, 2, 3, 4], { ratePerSecond: 15, withinMs: 400_000 });
}, 500_000);
