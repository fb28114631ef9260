import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { startChild } from '../../../rig/child.ts';
import { until } from '../../../rig/until.ts';

const shell = (script: string) => startChild('sh', ['-c', script]);

function runs(pid: number): boolean {
  try {
    return !execFileSync('ps', ['-o', 'stat=', '-p', `${pid}`], { encoding: 'utf8' }).startsWith('Z');
  } catch {
    return false;
  }
}

test('the log holds what was printed, on both outputs, up to a bound', async () => {
  const child = await shell('head -c 200000 /dev/zero | tr "\\0" x; echo problem >&2');
  expect(await child.exited).toEqual({ code: 0, signal: null });
  expect(child.log()).toContain('problem');
  expect(child.log().length).toBe(64 * 1024);
});

test('stop ends a frozen program, and may be called again', async () => {
  const child = await startChild('sleep', ['1000']);
  child.signal('SIGSTOP');
  await child.stop();
  await child.stop();
  expect(runs(child.pid)).toBe(false);
});

test('a program that cannot be started rejects', async () => {
  await expect(startChild('/nowhere/program', [])).rejects.toThrow('ENOENT');
});

test('a program dies with its parent, even when the parent is killed without notice', async () => {
  const module = join(import.meta.dirname, '../../../rig/child.ts');
  const script = `const { startChild } = await import(${JSON.stringify(module)});
    console.log((await startChild('sleep', ['1000'])).pid);
    process.kill(process.pid, 'SIGKILL');`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = Number(await text(parent.stdout));
  expect(pid).toBeGreaterThan(0);
  await until(() => !runs(pid), { what: 'the program has gone' });
});
