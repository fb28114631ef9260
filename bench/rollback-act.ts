/** One act: a canary that serves users well, then breaks under load, and is rolled back by itself. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { startEnvoy } from '../rig/envoy.ts';
import { localizeEnvoyConfig } from '../rig/localize.ts';
import { type Sidecar, sidecarPaths, startSidecar } from '../rig/sidecar.ts';
import { until } from '../rig/until.ts';
import type { Event } from '../src/gen/understudy/admin/v1/admin.ts';
import { type PacedAnswer, paced } from './paced.ts';

const USERS = 10_000;
const HEALTHY_SECONDS = 3;
const AFTERWARDS_SECONDS = 1;
const LONGEST_SECONDS = 60;
const SLOW_MS = 150;

export interface Act {
  readonly name: string;
  readonly weight: '1%' | '5%';
  /** What bench/breaking-upstream.ts is asked for. */
  readonly breaks: 'errors-50' | 'errors-100' | 'hang' | 'slow-200';
}

export interface Played extends Act {
  /** From the first bad answer (the first request that hung) to the trip: `rollback-started` is stored. */
  readonly detectedMs: number;
  /** From the trip to the confirmation by the last decide thread. */
  readonly confirmedMs: number;
  readonly metBy: { readonly requests: number; readonly users: number };
  /** Bad answers to requests that were sent after the confirmation. */
  readonly sentAfter: number;
  readonly reachedPerSecond: number;
  readonly reason: string;
}

const envoyFolder = resolve(import.meta.dirname, '../envoy');

/** `ports` are the upstream's. */
export async function play(act: Act, ports: readonly number[], perSecond: number): Promise<Played> {
  const { port, sidecar, stop } = await start(act, ports);
  try {
    let isBroken = false;
    let isOver = false;
    const answers: PacedAnswer[] = [];
    const startedMs = performance.now();
    const load = paced({
      ...{ port, perSecond, seconds: LONGEST_SECONDS, isOver: () => isOver },
      headers: (n) => `x-user-id: ${userOf(n)}\r\n${isBroken ? `x-break: ${act.breaks}\r\n` : ''}`,
      onAnswer: (answer) => answers.push(answer),
    });
    await passed(HEALTHY_SECONDS);
    const sentHealthy = answers.length;
    isBroken = true;
    const brokenAtMs = performance.now();
    const phaseOf = async () => (await sidecar.rollouts()).rollouts[0]?.phase;
    await until(async () => (await phaseOf()) === 'rolled-back', {
      what: `${act.name}: rolled back`,
      timeoutMs: 50_000,
    });
    await passed(AFTERWARDS_SECONDS);
    isOver = true;
    const loadMs = performance.now() - startedMs;
    const all = await load;
    const early = all.filter((answer) => sentAt(answer) < brokenAtMs && answer.status !== 200).length;
    if (sentHealthy === 0 || early > 0) throw new Error(`${act.name}: ${early} requests failed before anything broke`);
    const bad = all.filter((answer) => sentAt(answer) >= brokenAtMs && isBad(answer));
    const events = await eventsOf(sidecar);
    const [tripped, confirmed] = ['rollback-started', 'rolled-back'].map((wanted) =>
      events.find(({ kind }) => kind === wanted),
    );
    if (tripped === undefined || confirmed === undefined) throw new Error(`${act.name}: was not rolled back by itself`);
    const firstMs = Math.min(...bad.map((answer) => (act.breaks === 'hang' ? sentAt(answer) : answer.answeredAtMs)));
    return {
      ...act,
      detectedMs: tripped.timeMs - (performance.timeOrigin + firstMs),
      confirmedMs: confirmed.timeMs - tripped.timeMs,
      metBy: { requests: bad.length, users: new Set(bad.map(({ n }) => userOf(n))).size },
      sentAfter: bad.filter((answer) => performance.timeOrigin + sentAt(answer) > confirmed.timeMs + 1).length,
      reachedPerSecond: (all.length / loadMs) * 1_000,
      reason: tripped.reason,
    };
  } finally {
    await stop();
  }
}

function isBad({ status, version, ms }: PacedAnswer): boolean {
  return status !== 200 || (version === '2' && ms >= SLOW_MS);
}

function userOf(n: number): string {
  return `user-${n % USERS}`;
}

function sentAt({ answeredAtMs, ms }: PacedAnswer): number {
  return answeredAtMs - ms;
}

function passed(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
}

async function eventsOf(sidecar: Sidecar): Promise<readonly Event[]> {
  const request = { rollout: '', limit: 50, before: 0 };
  const { events } = await new Promise<{ events: Event[] }>((resolve, reject) =>
    sidecar.admin.listEvents(request, (error, answer) => (error ? reject(error) : resolve(answer))),
  );
  return events;
}

async function start({ weight }: Act, ports: readonly number[]) {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-bench-'));
  const { sockets, store } = sidecarPaths(folder);
  const rollout = {
    name: 'flight-delay',
    stable: { cluster: 'flight-delay-v1', version: '1.0.0' },
    canary: { cluster: 'flight-delay-v2', version: '2.0.0' },
    unit: [{ header: 'x-user-id' }],
    stages: [
      { name: 'some', weight, hold: { time: '1d' } },
      { name: 'all', weight: '100%' },
    ],
    guards: [
      {
        ...{ name: 'p95', metric: 'latency', quantile: 0.95, max: '100ms' },
        ...{ for: '0s', window: '10s', minN: 50, action: 'rollback' },
      },
    ],
  };
  const configFile = join(folder, 'understudy.yaml');
  writeFileSync(configFile, stringify({ trustedHeaders: ['x-user-id'], sockets, store, rollouts: [rollout] }));
  const sidecar = await startSidecar(configFile, sockets.admin);
  const at = (port = 1) => ({ address: '127.0.0.1', port });
  const config = parse(
    localizeEnvoyConfig(readFileSync(join(envoyFolder, 'envoy.yaml'), 'utf8'), {
      endpoints: {
        ...{ 'model-v1:8080': at(ports[0]), 'model-v2:8080': at(ports[1]) },
        ...{ 'model-v3:8080': at(), 'jaeger:4317': at() },
      },
      pipes: { '/run/understudy/decide.sock': sockets.decide, '/run/understudy/observe.sock': sockets.observe },
      files: { '/etc/envoy/capture.lua': join(envoyFolder, 'capture.lua') },
    }),
  );
  for (const listener of config.static_resources.listeners) {
    listener.filter_chains[0].filters[0].typed_config.tracing.random_sampling = { value: 0 };
  }
  // a decision that a busy machine makes late is still a decision
  config.static_resources.listeners[0].filter_chains[0].filters[0].typed_config.http_filters[0].typed_config.message_timeout =
    '5s';
  const envoy = await startEnvoy({ configYaml: stringify(config), concurrency: 1 });
  const healthy = async () =>
    [...(await envoy.stats('^cluster.understudy_decide.membership_healthy$')).values()][0] === 1;
  await until(healthy, { what: 'Envoy finds the decide socket healthy' });
  return {
    port: envoy.port('edge'),
    sidecar,
    async stop() {
      await envoy.stop();
      await sidecar.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
