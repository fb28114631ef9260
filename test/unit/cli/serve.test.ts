import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../../../src/cli/program.ts';
import { serve } from '../../../src/cli/serve.ts';
import { fakeTerminal } from './fake-terminal.ts';

const fixtures = join(import.meta.dirname, '../../fixtures/config');
const config = join(fixtures, 'smallest.yaml');

test('serve starts what the configuration says and stops it when it is asked to end', async () => {
  const terminal = fakeTerminal();
  const calls: string[] = [];
  const served = serve({ config }, terminal, async ({ rollouts }, log) => {
    calls.push(`start ${rollouts[0]?.name}`);
    log('hello');
    return { stop: async () => void calls.push('stop'), reload: async () => {} };
  });
  await Promise.resolve();
  expect(calls).toEqual(['start ranker']);
  terminal.end();
  await served;
  expect(calls).toEqual(['start ranker', 'stop']);
  expect(terminal.errors).toEqual(['hello\n']);
});

test('serve that is asked to end while it starts stops too', async () => {
  const terminal = fakeTerminal();
  let stopped = false;
  await serve({ config }, terminal, async () => {
    terminal.end();
    return {
      reload: async () => {},
      async stop() {
        stopped = true;
      },
    };
  });
  expect(stopped).toBe(true);
});

test('the file is told whole, however it was given', async () => {
  const terminal = fakeTerminal();
  const told: (string | undefined)[] = [];
  await serve({ config: relative(process.cwd(), config) }, terminal, async (_config, _log, file) => {
    told.push(file);
    terminal.end();
    return { stop: async () => {}, reload: async () => {} };
  });
  expect(told).toEqual([config]);
});

test('a hang-up reads the file again, also one that comes while it starts', async () => {
  const terminal = fakeTerminal();
  const reloaded: string[] = [];
  const served = serve({ config }, terminal, async () => ({
    stop: async () => {},
    reload: async (load) => {
      reloaded.push(load().rollouts[0]?.name ?? '');
      if (reloaded.length === 2) terminal.end();
    },
  }));
  terminal.hangUp();
  terminal.hangUp();
  await served;
  expect(reloaded).toEqual(['ranker', 'ranker']);
});

test('a wrong configuration is told in full and exits with 2', async () => {
  const terminal = fakeTerminal({ UNDERSTUDY_CONFIG: join(fixtures, 'many-mistakes.yaml') });
  expect(await run(['serve'], terminal)).toBe(2);
  expect(terminal.errors.join('').trimEnd().split('\n')).toHaveLength(4);
});

test('wrong usage exits with 2 and help with 0', async () => {
  for (const args of [
    ['nope'],
    ['weight'],
    ['events', '--limit', 'x'],
    ['explain'],
    ['weight', 'ranker', '5%'],
    ['weight', 'ranker', '5', '--reason', 'r'],
  ]) {
    expect([args, await run(args, fakeTerminal())]).toEqual([args, 2]);
  }
  expect(await run(['--help'], fakeTerminal())).toBe(0);
});
