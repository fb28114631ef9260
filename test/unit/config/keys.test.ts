import { expect, test } from 'vitest';
import { unknownKey } from '../../../src/config/keys.ts';

const known = ['stable', 'canary', 'shadows', 'unit', 'initialWeight', 'arm'];

test.each([
  ['shadow', 'shadows'],
  ['shadwos', 'shadows'],
  ['Stable', 'stable'],
  ['stabel', 'stable'],
  ['canarry', 'canary'],
  ['initial-weigth', 'initialWeight'],
  ['initWeight', undefined],
  ['arms', 'arm'],
  ['retries', undefined],
  ['x', undefined],
])('%s is answered with the key that is one slip away, %s', (key, meant) => {
  expect(unknownKey(key, known)).toBe(
    meant === undefined ? `unknown key, expected one of ${known.join(', ')}` : `unknown key, did you mean "${meant}"?`,
  );
});

test('a key of a later version is never taken for a slip', () => {
  expect(unknownKey('retention', ['retentions'])).toBe('not supported yet');
});
