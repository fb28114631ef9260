import { expect, test } from 'vitest';
import { envoyUrl } from '../../../src/cli/envoy-url.ts';
import { run } from '../../../src/cli/program.ts';
import { fakeTerminal } from './fake-terminal.ts';

test("Envoy's admin page is given as an address or as a URL", () => {
  expect(envoyUrl('127.0.0.1:9901')).toBe('http://127.0.0.1:9901');
  expect(envoyUrl('envoy:9901')).toBe('http://envoy:9901');
  expect(envoyUrl('https://envoy.internal/')).toBe('https://envoy.internal/');
});

test('what is neither is refused, by every command that asks Envoy', async () => {
  for (const command of [['doctor'], ['complete', 'ranker', '--reason', 'x']]) {
    const terminal = fakeTerminal();
    expect(await run([...command, '--envoy', 'a b'], terminal)).toBe(2);
    expect(terminal.errors.join('')).toBe('--envoy: expected for example 127.0.0.1:9901, found "a b"\n');
  }
});

test('doctor takes an address, too', async () => {
  const terminal = fakeTerminal();
  // nobody answers there: it was asked
  expect(await run(['doctor', '--envoy', '127.0.0.1:1'], terminal)).toBe(3);
  expect(terminal.errors.join('')).toMatch(/^no Envoy answers at http:\/\/127\.0\.0\.1:1 /);
});
