/** A real MLServer (KServe v2) with two scikit-learn models of irises, in a Python of its own. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Child, startChild } from '../../rig/child.ts';
import { freePort } from '../../rig/free-port.ts';
import { until } from '../../rig/until.ts';

const REQUIREMENTS = resolve(import.meta.dirname, 'requirements.txt');
const TRAIN = resolve(import.meta.dirname, 'train.py');
const CACHE = resolve(import.meta.dirname, '../../node_modules/.cache');
const READY_MS = 60_000;

const run = promisify(execFile);

/** Folder of a virtual environment with MLServer in it, made once for each state of requirements.txt; or why there is none. */
export async function mlserverEnvironment(): Promise<{ readonly folder: string } | { readonly lacks: string }> {
  const hash = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const folder = join(CACHE, `mlserver-${hash}`);
  const done = join(folder, 'installed');
  if (existsSync(done)) return { folder };
  try {
    // its scripts name its place: so it is made where it stays, and counts once it is whole
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(CACHE, { recursive: true });
    await run('python3', ['-m', 'venv', folder]);
    const pip = [join(folder, 'bin/pip'), '--quiet', '--disable-pip-version-check', 'install', '--only-binary=:all:'];
    await run(join(folder, 'bin/python'), [...pip, '-r', REQUIREMENTS]);
    writeFileSync(`${done}.new`, '');
    renameSync(`${done}.new`, done);
    return { folder };
  } catch (failure) {
    const { stderr, message } = failure as { stderr?: string; message: string };
    return { lacks: `MLServer cannot be installed from PyPI: ${stderr?.trim().split('\n').at(-1) || message}` };
  }
}

/** What each model says of the same rows when it is asked in Python, without a server. */
export interface Offline {
  readonly rows: readonly (readonly number[])[];
  readonly v1: OfflineAnswers;
  readonly v2: OfflineAnswers;
}

export interface OfflineAnswers {
  readonly class: readonly number[];
  readonly probability: readonly (readonly number[])[];
}

/** Trains both models into `folder`. */
export async function train(environment: string, folder: string): Promise<Offline> {
  await run(join(environment, 'bin/python'), [TRAIN, folder]);
  return JSON.parse(readFileSync(join(folder, 'offline.json'), 'utf8'));
}

export interface ModelServer {
  readonly endpoint: { readonly address: string; readonly port: number };
  stop(): Promise<void>;
}

/** Serves the trained model of a version; resolves when it is ready. Rejects with what the server printed. */
export async function startMlserver(environment: string, folder: string, version: 'v1' | 'v2'): Promise<ModelServer> {
  const [http, grpc, metrics] = [await freePort(), await freePort(), await freePort()];
  const child: Child = await startChild(join(environment, 'bin/mlserver'), ['start', join(folder, version)], {
    MLSERVER_HOST: '127.0.0.1',
    MLSERVER_HTTP_PORT: String(http),
    MLSERVER_GRPC_PORT: String(grpc),
    MLSERVER_METRICS_PORT: String(metrics),
    // in one process: its pool of workers costs seconds at the start and is nothing that is tested here
    MLSERVER_PARALLEL_WORKERS: '0',
  });
  const ready = async () => {
    if (!child.running()) return 'ended';
    return (await fetch(`http://127.0.0.1:${http}/v2/models/iris/ready`)).status === 200 && 'ready';
  };
  const state = await until(ready, { what: `MLServer serves ${version}`, timeoutMs: READY_MS }).catch(String);
  if (state !== 'ready') {
    await child.stop();
    throw new Error(`MLServer did not start (${state})\n${child.log()}`);
  }
  return { endpoint: { address: '127.0.0.1', port: http }, stop: () => child.stop() };
}

/** An inference request for one row or many. */
export function inferenceRequest(rows: readonly (readonly number[])[]): string {
  return JSON.stringify({
    inputs: [{ name: 'rows', datatype: 'FP64', shape: [rows.length, 4], data: rows.flat() }],
    outputs: [{ name: 'predict' }, { name: 'predict_proba' }],
  });
}
