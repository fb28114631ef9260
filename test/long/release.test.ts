import { test } from 'vitest';
import { killedReleasesGoOn } from '../wire/release-crash.ts';

test('two hundred kills lose no acknowledged change of a running release, and leave no half one', async () => {
  for (const seed of [2, 3, 4, 5]) await killedReleasesGoOn(50, seed);
}, 3_600_000);
