import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { startEnvoy } from '../../rig/envoy.ts';
import { envoyBinary } from '../../rig/envoy-binary.ts';
import { localizeEnvoyConfig } from '../../rig/localize.ts';

const folder = resolve(import.meta.dirname, '../../envoy');
const shipped = readFileSync(join(folder, 'envoy.yaml'), 'utf8');
const capture = join(folder, 'capture.lua');
const nowhere = { address: '127.0.0.2', port: 1 };

const local = localizeEnvoyConfig(shipped, {
  endpoints: { 'model-v1:8080': nowhere, 'model-v2:8080': nowhere, 'model-v3:8080': nowhere, 'jaeger:4317': nowhere },
  pipes: { '/run/understudy/decide.sock': '/nowhere/decide', '/run/understudy/observe.sock': '/nowhere/observe' },
  files: { '/etc/envoy/capture.lua': capture },
});

/** Every leaf of a tree by its path. */
function leaves(node: unknown, path = ''): [path: string, value: unknown][] {
  if (typeof node !== 'object' || node === null) return [[path, node]];
  return Object.entries(node).flatMap(([key, child]) => leaves(child, `${path}/${key}`));
}

test('what tests run differs from the shipped file in addresses, ports, sockets and files alone', () => {
  const before = leaves(parse(shipped));
  const after = new Map(leaves(parse(local)));
  const changed = before.filter(([path, value]) => after.get(path) !== value).map(([path]) => path);

  expect([...after.keys()]).toEqual(before.map(([path]) => path));
  const kinds = /\/(socket_address\/(address|port_value)|pipe\/path|default_source_code\/filename)$/;
  expect(changed.filter((path) => !kinds.test(path))).toEqual([]);
  expect(before.map(([path]) => path).filter((path) => kinds.test(path))).toEqual(changed);
});

test('Envoy accepts the shipped file', { timeout: 180_000 }, async () => {
  const temporary = mkdtempSync(join(tmpdir(), 'understudy-test-'));
  onTestFinished(() => rmSync(temporary, { recursive: true, force: true }));
  const file = join(temporary, 'envoy.yaml');
  writeFileSync(file, shipped.replaceAll('/etc/envoy/capture.lua', capture));
  const args = ['--mode', 'validate', '--disable-hot-restart', '-c', file];
  expect(execFileSync(await envoyBinary(), args, { encoding: 'utf8', stdio: 'pipe' })).toContain('OK');
});

test('a file that Envoy refuses rejects at once, with what Envoy said', { timeout: 180_000 }, async () => {
  await expect(startEnvoy({ configYaml: 'nonsense: 1' })).rejects.toThrow(/Envoy ended[\s\S]*nonsense/);
});

test('Envoy with these files starts and answers when nothing else is there', { timeout: 180_000 }, async () => {
  const envoy = await startEnvoy({ configYaml: local });
  onTestFinished(() => envoy.stop());
  const answer = await fetch(`http://127.0.0.1:${envoy.port('edge')}/`, { method: 'POST', body: '{}' });
  expect(answer.status).toBe(503);
  const stats = await envoy.stats('^http\\.edge\\.(ext_proc\\.decide\\.failure_mode_allowed|lua\\.errors)$');
  expect(Object.fromEntries(stats)).toEqual({
    'http.edge.ext_proc.decide.failure_mode_allowed': 1,
    'http.edge.lua.errors': 0,
  });
});
