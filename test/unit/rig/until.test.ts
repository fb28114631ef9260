import { expect, test } from 'vitest';
import { until } from '../../../rig/until.ts';

test('the first truthy answer is returned', async () => {
  let asked = 0;
  expect(await until(() => ++asked >= 3 && `asked ${asked}`, { what: 'three' })).toBe('asked 3');
});

test('a condition that throws is asked again', async () => {
  let asked = 0;
  const condition = async () => {
    if (++asked < 3) throw new Error('not yet');
    return asked;
  };
  expect(await until(condition, { what: 'three' })).toBe(3);
});

test('past its time the error names what did not happen and keeps what was thrown last', async () => {
  const never = () => {
    throw new Error('connection refused');
  };
  await expect(until(never, { what: 'the server answers', timeoutMs: 30 })).rejects.toMatchObject({
    message: 'not within 30 ms: the server answers',
    cause: new Error('connection refused'),
  });
});
