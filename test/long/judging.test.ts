import { test } from 'vitest';
import { killedJudgesCountNothingTwice } from '../wire/judging-crash.ts';

test('two hundred kills leave the evidence of the last closed block, to the bit, and nothing counts twice', async () => {
  for (const seed of [2, 3, 4, 5]) await killedJudgesCountNothingTwice(50, seed);
}, 3_600_000);
