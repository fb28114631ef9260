import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
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

test('runs itself: v2 is promoted by evidence, one state stops v3, and three breaks are rolled back in seconds', async () => {
  const demo = startDemo();
  expect({ code: await demo.ended, output: demo.output() }).toMatchObject({ code: 0 });
  const output = demo.output();
  const acts = output.split(/^(?=[123]\. v\d)/m);
  expect(acts.length).toBe(4);
  const [, promotion = '', stop = '', breaks = ''] = acts;

  expect(
    [...promotion.matchAll(/promoted: to (\w+) \((\d+) %\): \w+ held for .*every guard lets it pass\n/g)].map(
      (found) => found[1],
    ),
  ).toEqual(['five', 'quarter', 'most', 'all']);
  expect(promotion).toMatch(/pairs +[1-9][\d,]*\n/);
  expect(promotion).toMatch(/agreement-late +pass +agreement of late \d.*>= 75 %/);
  expect(promotion).toMatch(/p95 +pass +p95 \d.*<= 500 ms/);
  expect(promotion).toMatch(/at 100 %: users on v2 [1-9]/);
  // A machine too slow for a decision in time gives some requests the stable version; the demo then says how many.
  expect(promotion).toMatch(/Nobody moved back: [1-9][\d,]* times|sent on without a decision: [1-9]/);

  expect(stop).toMatch(/completed: everybody is on v2\n/);
  expect(stop).toMatch(/paused: by-state state=CO: agreement of delay 0 %.* < 90 %/);
  expect(stop).toMatch(/agreement-delay +pass +agreement of delay 9\d/);
  expect(stop).toMatch(/v3 +state=CO: delay [56]\d(\.\d)? x, 100 % of pairs +0\.0 % +\d+\n/);
  expect(stop).toMatch(/pair [0-9a-f]{32}\n.*\n +status +200 +200\n +! delay +\d+\.\d+ +\d{3,}/);
  expect(stop).toMatch(/answered by v3: none\./);

  const rows = [
    ...breaks.matchAll(/^ +(2\.1\.\d) +(slow|errors|hanging) +(guard \S+|breaker) +\d+\.\d +[1-9]\d* +[1-9]\d*$/gm),
  ];
  expect(rows.map(([, version, fault]) => `${version} ${fault}`)).toEqual([
    ...['2.1.0 slow', '2.1.1 errors', '2.1.2 hanging'],
  ]);
  expect(breaks.match(/rollback-started: /g)).toHaveLength(3);
  expect(breaks).toMatch(/Everything held: of [\d,]+ requests none failed but those that met a break/);
  expect(readdirSync(folder)).toEqual([]);
}, 900_000);

test('SIGINT in the middle of an act ends it with everything it started, and its files', async () => {
  const demo = startDemo('--keep');
  await until(() => demo.output().includes('1. v2 goes on stage'), { what: 'the first act', timeoutMs: 20_000 });
  const started = descendants(demo.child.pid);
  expect(started.length).toBeGreaterThanOrEqual(5);
  demo.child.kill('SIGINT');
  expect({ code: await demo.ended, output: demo.output() }).toMatchObject({ code: 130 });
  await until(() => !started.some(lives), { what: 'all of its processes are gone' });
  expect(readdirSync(folder)).toEqual([]);
});

test('what it cannot start with is one sentence, not a stack trace', async () => {
  const wrong = startDemo('--rate', '5');
  expect(await wrong.ended).toBe(2);
  expect(wrong.output()).toBe('demo: --rate: expected a whole number from 100 to 1000, found "5"\n');
});
