/**
 * `npm run test:envoys`: the system tests on every pinned version of Envoy, one after the other; arguments go to vitest.
 * `UNDERSTUDY_ENVOY_VERSION=<version> npm test -- test/system` is one of them.
 */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { ENVOY_VERSIONS } from './envoy-binary.ts';

const root = resolve(import.meta.dirname, '..');
const vitest = resolve(root, 'node_modules/vitest/vitest.mjs');
const args = process.argv.slice(2);
const wanted = args.length > 0 ? args : ['test/system'];

const failed = ENVOY_VERSIONS.filter((version) => {
  console.log(`\nEnvoy ${version}`);
  const env = { ...process.env, UNDERSTUDY_ENVOY_VERSION: version };
  return spawnSync(process.execPath, [vitest, 'run', ...wanted], { cwd: root, stdio: 'inherit', env }).status !== 0;
});
if (failed.length > 0) console.error(`failed on Envoy ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
