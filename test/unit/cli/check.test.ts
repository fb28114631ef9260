import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
  expect(out).toContain(`${file}:38:35: warning: rollouts[0].rules[1].when.cookie.plan: clients choose their cookies`);
});

test('the fields of each prediction are listed, with where they come from and how they are compared', async () => {
  const { out } = await check(fixture('every-key'));
  expect(out).toMatch(/^ranker +score +at \/score +number, abs 0.001, rel 0.01$/m);
  expect(out).toMatch(/^ranker +label +at \/label +class, threshold 0.5, amount {"request":"\/amount"}$/m);
  expect(out).toMatch(/^ranker +code +status +class, amount {"header":"x-amount"}$/m);
  expect(out).toMatch(/^ranker +tokens +trailer x-tokens +json$/m);
  expect((await check(fixture('smallest'))).out).not.toContain('FIELD');
});

test('stages and guards are listed, with how often evidence stops a healthy release', async () => {
  const { out } = await check(fixture('every-key'));
  expect(out).toMatch(/^ROLLOUT +STAGES +GUARDS +FALSE ALARMS$/m);
  expect(out).toMatch(/^ranker +shadow, city, one, all +p95, p99-vs-stable, .*, silence +0\.0575$/m);
  const { rollouts } = JSON.parse((await check('--json', fixture('every-key'))).out);
  expect(rollouts[0]).toMatchObject({ stages: [{ name: 'shadow' }, {}, {}, {}], falseAlarms: 0.0575 });
  expect((await check(fixture('smallest'))).out).not.toContain('STAGES');
});

test('what a recording takes is said for a rate, and what ends it', async () => {
  const recordingLines = async (...args: string[]) => {
    const lines = (await check(fixture('every-key'), ...args)).out.split('\n');
    const first = lines.findIndex((line) => line.startsWith('recording in '));
    return lines.slice(first, first + 3).filter((line) => line !== '');
  };
  const [atDefault] = await recordingLines();
  expect(atDefault).toMatch(
    /^recording in \/var\/lib\/understudy\/recording: [\d.]+ GB of rows a day \(ranker [\d.]+ GB, first [\d.]+ GB, search [\d.]+ GB\) at 100 requests a second to each rollout \(--rate\)/,
  );
  const atHigh = await recordingLines('--rate', '20000');
  expect(atHigh[1]).toBe('  maxBytesPerDay ends it at 0.54 GB: rows beyond are dropped and counted');
  expect((await check('--rate', '7', fixture('smallest'))).out).not.toContain('recording');
});

test('as JSON, the estimate grows with the rate and says when it is cut', async () => {
  const estimate = async (rate: string) =>
    JSON.parse((await check('--json', '--rate', rate, fixture('every-key'))).out);
  const [low, high] = [(await estimate('10')).recording, (await estimate('20000')).recording];
  expect(high.wantedBytesPerDay / low.wantedBytesPerDay).toBeCloseTo(2_000);
  expect([low.isCut, high.isCut, high.requestsPerSecond]).toEqual([false, true, 20_000]);
  expect((await estimate('1')).rollouts[0].fields).toHaveLength(11);
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

test('the secret file of a webhook that is not there is a warning with its place, and one that is there is none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'check-'));
  const file = join(folder, 'understudy.yaml');
  const secret = join(folder, 'hook.secret');
  const webhook = `notifications: [{ name: chat, url: "https://hooks.example/", secretFile: ${secret} }]\n`;
  writeFileSync(file, `${readFileSync(fixture('smallest'), 'utf8')}\n${webhook}`);
  const message = 'there is no such file here: messages wait until there is one';
  const warned = await check(file);
  expect([warned.code, warned.errors]).toEqual([0, '']);
  expect(warned.out).toMatch(/:\d+:74: warning: notifications\[0\]\.secretFile: /);
  expect(warned.out).toContain(message);
  const { good, warnings } = JSON.parse((await check('--json', file)).out);
  expect([good, warnings]).toEqual([true, expect.arrayContaining([expect.objectContaining({ message })])]);
  writeFileSync(secret, '');
  expect((await check(file)).out).not.toContain('secretFile');
  rmSync(folder, { recursive: true });
});
