import { test } from 'vitest';
import { killedJudgesCountNothingTwice } from './judging-crash.ts';

test('after a kill at any moment the evidence is that of the last closed block, to the bit, and nothing counts twice', () =>
  killedJudgesCountNothingTwice(6, 1));
