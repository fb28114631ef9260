import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { followsWeight, movedBack } from '../../demo/split.ts';
import { until } from '../../rig/until.ts';

const main = resolve(import.meta.dirname, '../../demo/main.ts');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-demo-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The demo with `folder` for its temporary files. */
function startDemo(...args: string[]) {
  const env = { ...process.env, TMPDIR: folder };
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<number | null>((settle) => child.once('close', settle));
  return { child, ended, output: () => output };
}

/** Every process that descends from this one, by the system's table. */
function descendants(ofPid: number | undefined): number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const rows = table
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/).map(Number));
  const childrenOf = (parent: number | undefined): number[] =>
    rows.flatMap(([pid, ppid]) => (ppid === parent && pid !== undefined ? [pid, ...childrenOf(pid)] : []));
  return childrenOf(ofPid);
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('plays its acts on real input: pairs, the state in which v3 is wrong, a split that follows, nobody moves back', async () => {
  const demo = startDemo('--seconds', '10', '--rate', '300');
  expect({ code: await demo.ended, output: demo.output() }).toMatchObject({ code: 0 });
  const output = demo.output();
  expect(output).toMatch(/pairs +[1-9][\d,]* +[1-9][\d,]*\n/);
  expect(output).toMatch(/delay agrees within 10 minutes +(9\d\.\d|100\.0) % +9\d\.\d %\n/);
  expect(output).toMatch(/v3 +everywhere: median \d\.\d minutes, of v1 \d\.\d +9\d\.\d % +\d+\n/);
  expect(output).toMatch(/v3 +state=CO: delay [56]\d(\.\d)? x, 100 % of pairs +0\.0 % +\d+\n/);
  expect(output).toMatch(/pair [0-9a-f]{32}\n.*\n +status +200 +200\n +! delay +\d+\.\d+ +\d{3,}/);
  expect(output).toMatch(/\n {3}0 % +in \d+ ms +0 of \d+ +0\.0 %/);
  expect(output).toMatch(/\n {3}100 % +in \d+ ms +(?:\d+ of \d+ +9\d\.\d|(\d+) of \1 +100\.0) %/);
  // A machine too slow for a decision in time gives some requests the stable version; the demo then says how many.
  expect(output).toMatch(/Nobody moved back: [1-9]\d* times|sent on without a decision: [1-9]/);
  expect(output).toMatch(/sent after it was confirmed +[1-9][\d,]* requests of [1-9][\d,]* users, 0 answered by v2/);
  expect(output).toMatch(/Everything held: [\d,]+ requests and none failed/);
  expect(readdirSync(folder)).toEqual([]);
});

test('SIGINT in the middle of an act ends it with everything it started, and its files', async () => {
  const demo = startDemo('--keep');
  await until(() => demo.output().includes('1. Rehearsal'), { what: 'the first act', timeoutMs: 20_000 });
  const started = descendants(demo.child.pid);
  expect(started.length).toBeGreaterThanOrEqual(5);
  demo.child.kill('SIGINT');
  expect({ code: await demo.ended, output: demo.output() }).toMatchObject({ code: 130 });
  await until(() => !started.some(lives), { what: 'all of its processes are gone' });
  expect(readdirSync(folder)).toEqual([]);
});

test('what it cannot start with is one sentence, not a stack trace', async () => {
  const wrong = startDemo('--seconds', '1');
  expect(await wrong.ended).toBe(2);
  expect(wrong.output()).toBe('demo: --seconds: expected a whole number from 5 to 3600, found "1"\n');
});

test('a user has moved back when a request sent after the new version answered gets the old one, not when overtaken', () => {
  const answer = (user: string, version: string, sentMs: number, answeredMs: number) => ({
    user,
    version,
    sentMs,
    answeredMs,
  });
  const overtaken = [answer('a', 'v2', 2, 3), answer('a', 'v1', 1, 4), answer('b', 'v1', 5, 6)];
  expect(movedBack(overtaken, 'v2')).toEqual({ again: 0, requests: 0 });
  const after = [...overtaken, answer('a', 'v2', 5, 6), answer('a', 'v1', 7, 8)];
  expect(movedBack(after, 'v2')).toEqual({ again: 2, requests: 1 });
});

test('a split follows the weight within 4 standard deviations, and exactly at 0 and 100 %', () => {
  const split = (usersMoved: number) => ({ users: 1_000, usersMoved, requests: 0, requestsMoved: 0 });
  expect([0, 10, 22, 23].map((moved) => followsWeight(split(moved), 100, 0))).toEqual([true, true, true, false]);
  expect([0, 1].map((moved) => followsWeight(split(moved), 0, 0))).toEqual([true, false]);
  expect([1_000, 999].map((moved) => followsWeight(split(moved), 10_000, 0))).toEqual([true, false]);
  expect(followsWeight(split(999), 10_000, 1)).toBe(true);
});
