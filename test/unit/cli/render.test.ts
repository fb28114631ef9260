import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { run } from '../../../src/cli/program.ts';
import { rolloutOf } from '../render/configs.ts';
import { fakeTerminal } from './fake-terminal.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-render-'));
  write('understudy.yaml', [rolloutOf('a', 1, ['one', 'two'])]);
  write('taken.yaml', [{ ...rolloutOf('a'), stable: { cluster: 'otlp', version: '1' } }]);
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(file: string, rollouts: object[]): void {
  writeFileSync(join(folder, file), stringify({ rollouts }));
}

async function render(args: readonly string[], file = 'understudy.yaml') {
  const terminal = fakeTerminal();
  const code = await run(['render', 'envoy', '--config', join(folder, file), ...args], terminal);
  return { code, printed: terminal.printed.join(''), error: terminal.errors.join('') };
}

test('the file is printed, or written where --output says', async () => {
  const { code, printed } = await render([]);
  expect(code).toBe(0);
  expect(printed).toContain('understudy_decide');
  const output = join(folder, 'envoy.yaml');
  expect(await render(['--output', output])).toEqual({ code: 0, printed: '', error: '' });
  expect(readFileSync(output, 'utf8')).toBe(printed);
});

test.each([
  [['--match', 'three=/x'], '--match: expected one of one, two, found "three"'],
  [['--match', 'one=x'], '--match: expected ROUTE=/prefix, a path without blanks, ? and #, found "one=x"'],
  [['--match', 'one=/x?y'], '--match: expected ROUTE=/prefix, a path without blanks, ? and #, found "one=/x?y"'],
  [['--match', 'one=/x', '--match', 'one=/y'], '--match: expected each route once, found "one=/y"'],
  [['--match', 'one=/x', '--match', 'two=/x'], '--match: expected a prefix of its own for each route, found "/x"'],
  [['--match', 'one=/two/'], '--match: expected a prefix of its own for each route, found "/two/"'],
  [['--endpoint', 'b-v1=h:1'], '--endpoint: expected one of a-v1, a-v2, a-shadow-1, found "b-v1"'],
  [['--endpoint', 'a-v1'], '--endpoint: expected CLUSTER=host:port, found "a-v1"'],
  [['--endpoint', 'a-v1=h'], '--endpoint: expected host:port with a port from 1, found "h"'],
  [['--endpoint', 'a-v1=h:0'], '--endpoint: expected host:port with a port from 1, found "h:0"'],
  [['--endpoint', 'a-v1=[::g]:1'], '--endpoint: expected host:port with a port from 1, found "[::g]:1"'],
  [['--tracing', 'h:65536'], '--tracing: expected host:port with a port from 1, found "h:65536"'],
  [['--trace-sample', '101%'], '--trace-sample: expected a percentage from 0% to 100%, found "101%"'],
  [['--listen', 'h:1'], '--listen: expected IP:port, for example 127.0.0.1:10000 or [::]:10000, found "h:1"'],
  [['--admin-listen', '1.2.3.256:1'], /^--admin-listen: expected IP:port, .* found "1\.2\.3\.256:1"$/],
  [['--route-timeout', '60s'], /^--route-timeout: expected a time from 100ms to less than 60s.* found "60s"$/],
  [['--route-timeout', '0s'], /^--route-timeout: .* found "0s"$/],
  [['--lua', ''], '--lua: expected the path of capture.lua as Envoy sees it, found ""'],
  [['--output', '/nowhere/envoy.yaml'], /^--output: expected a file .* found "\/nowhere\/envoy.yaml": .*ENOENT/],
])('%j is wrong usage, said with what was expected and found', async (args, message) => {
  const { code, printed, error } = await render(args);
  expect(error.trimEnd()).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  expect(code).toBe(2);
  expect(printed).toBe('');
});

test('a cluster that bears the name of one of the file’s own is refused', async () => {
  const { code, error } = await render([], 'taken.yaml');
  expect(error).toMatch(/^the configuration: expected clusters not named understudy_loop.* found "otlp"/);
  expect(code).toBe(2);
});
