import { expect, test } from 'vitest';
import { MAX_DELIVERED, noteDelivered } from '../../../src/accesslog/delivered.ts';

test('each cluster is known by when it was last seen, and of too many the one seen longest ago is forgotten', () => {
  const seen = new Map<string, number>();
  for (let n = 0; n < MAX_DELIVERED; n++) noteDelivered(seen, `c${n}`, n);
  noteDelivered(seen, 'c0', 1_000);
  noteDelivered(seen, 'new', 1_001);
  expect([seen.size, seen.get('c0'), seen.get('c1'), seen.get('new')]).toEqual([
    MAX_DELIVERED,
    1_000,
    undefined,
    1_001,
  ]);
});
