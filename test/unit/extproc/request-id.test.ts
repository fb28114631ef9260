import { expect, test } from 'vitest';
import { createIds } from '../../../src/extproc/request-id.ts';

test('ids are 32 hex digits: the thread’s random half, then a counter', () => {
  const next = createIds(Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 255));
  expect([next(), next()]).toEqual(['00010203040506ff0000000000000000', '00010203040506ff0000000000000001']);
});
