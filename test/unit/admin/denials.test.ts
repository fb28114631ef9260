import { expect, test } from 'vitest';
import { DeniedError } from '../../../src/access/denied.ts';
import { createDenials } from '../../../src/admin/denials.ts';

test('calls that are not let in are all counted, and logged once a second', () => {
  const counted: string[] = [];
  const lines: string[] = [];
  let now = 0;
  const tell = createDenials({
    count: (name) => counted.push(name),
    log: (line) => lines.push(line),
    nowMs: () => now,
  });
  const call = { getPeer: () => '10.0.0.7:5000' };
  const unknown = new DeniedError('unauthenticated', 'authorization: this token is not known here');
  const forbidden = new DeniedError('forbidden', 'Abort takes the role operator, and ci is viewer');
  for (const [ms, error] of [
    [0, unknown],
    [1, unknown],
    [999, forbidden],
    [1_000, forbidden],
    [1_500, unknown],
  ] as const) {
    now = ms;
    tell(call, error);
  }
  expect(counted.sort()).toEqual([...Array(2).fill('admin.forbidden'), ...Array(3).fill('admin.unauthenticated')]);
  expect(lines).toEqual([
    'admin: a call of 10.0.0.7:5000 was refused: authorization: this token is not known here',
    'admin: a call of 10.0.0.7:5000 was refused: Abort takes the role operator, and ci is viewer (and 2 more calls since the last such line)',
  ]);
});
