import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../../../src/cli/program.ts';
import { fakeTerminal } from './fake-terminal.ts';

const fixture = (name: string) => join(import.meta.dirname, `../../fixtures/config/${name}.yaml`);

async function check(...args: string[]): Promise<{ code: number; out: string; errors: string }> {
  const terminal = fakeTerminal({ UNDERSTUDY_CONFIG: fixture('smallest') });
  const code = await run(['check', ...args], terminal);
  return { code, out: terminal.printed.join(''), errors: terminal.errors.join('') };
}

test('a good file is summed up, with what may not be meant, and exits with 0', async () => {
  const file = fixture('every-key');
  const { code, out, errors } = await check(file);
  expect([code, errors]).toEqual([0, '']);
  expect(out).toContain(`${file} is good\n`);
  expect(out).toMatch(
    /^ranker +ranker, ranker-batch +1\.8\.0 +2\.0\.0 +candidate 2\.0\.0 +header x-user-id, cookie sid, /m,
  );
  expect(out).toContain(`${file}:29:35: warning: rollouts[0].rules[1].when.cookie.plan: clients choose their cookies`);
});

test('without a file the one that serve would take is checked', async () => {
  expect((await check()).out).toContain(`${fixture('smallest')} is good\n`);
  expect((await check('--config', fixture('complete'))).out).toContain('search');
});

test('a bad file is told in full and exits with 2', async () => {
  const { code, out, errors } = await check(fixture('many-mistakes'));
  expect([code, out]).toEqual([2, '']);
  expect(errors.trimEnd().split('\n')).toHaveLength(4);
});

test('as JSON, good and bad files have the same shape', async () => {
  const good = await check('--json', fixture('smallest'));
  expect([good.code, JSON.parse(good.out)]).toMatchObject([
    0,
    { good: true, problems: [], warnings: [{ line: 3 }, { line: 3 }], rollouts: [{ name: 'ranker', shadows: [] }] },
  ]);
  const bad = await check('--json', fixture('many-mistakes'));
  const [first] = JSON.parse(bad.out).problems;
  expect([bad.code, JSON.parse(bad.out)]).toMatchObject([2, { good: false, warnings: [], rollouts: [] }]);
  expect(first).toMatchObject({ line: 1, column: 8, path: 'store', expected: 'an absolute path', found: '"here.db"' });
});
