/** A real Prometheus for a test: `$PROMETHEUS_BIN`, the one on PATH, or Debian's package unpacked into the cache folder. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Child, startChild } from './child.ts';
import { freePort } from './free-port.ts';
import { isExecutable, onPath } from './on-path.ts';
import { until } from './until.ts';

const CACHE = resolve(import.meta.dirname, '../.cache/prometheus');
const UNPACKED = join(CACHE, 'usr/bin/prometheus');
const READY_MS = 60_000;
const run = promisify(execFile);

export interface Prometheus {
  readonly url: string;
  stop(): Promise<void>;
}

/** Rejects with why there is none. */
export async function prometheusBinary(env = process.env): Promise<string> {
  if (env.PROMETHEUS_BIN) return env.PROMETHEUS_BIN;
  const found = onPath('prometheus', env.PATH) ?? (isExecutable(UNPACKED) ? UNPACKED : undefined);
  if (found !== undefined) return found;
  const folder = await mkdtemp(join(tmpdir(), 'understudy-prometheus-'));
  try {
    const download = () => run('apt-get', ['download', 'prometheus'], { cwd: folder });
    await download().catch(async () => {
      // a list of packages that was never fetched, or is old
      await run('apt-get', ['update']);
      await download();
    });
    const [archive] = await readdir(folder);
    if (archive === undefined) throw new Error('apt-get downloaded nothing');
    await mkdir(CACHE, { recursive: true });
    await run('dpkg', ['-x', join(folder, archive), CACHE]);
    return UNPACKED;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Scrapes `targets` (`host:port`) each second. It dies with this process. */
export async function startPrometheus(binary: string, targets: readonly string[]): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'understudy-prometheus-'));
  const port = await freePort();
  const config = {
    global: { scrape_interval: '1s' },
    scrape_configs: [{ job_name: 'understudy', static_configs: [{ targets }] }],
  };
  // JSON is YAML
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const url = `http://127.0.0.1:${port}`;
  const child: Child = await startChild(binary, [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  const stop = async () => {
    await child.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const ready = async () => !child.running() || (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok;
  await until(ready, { what: 'Prometheus answers', timeoutMs: READY_MS });
  if (child.running()) return { url, stop };
  await stop();
  throw new Error(`Prometheus did not start\n${child.log()}`);
}
