import { test } from 'vitest';
import { killedReleasesGoOn } from './release-crash.ts';

test('after a kill at any moment a release is where it was last acknowledged to be, or further, and goes on to the same end', () =>
  killedReleasesGoOn(12, 1));
