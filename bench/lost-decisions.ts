/**
 * How many decisions does each transport lose behind a saturated Envoy? `npm run bench:lost-decisions`
 *
 * The same decide services over stock grpc-js, stock node:http2 and node:http2 with raised reset limits, in a process of
 * their own; Envoy fails closed, so that each lost decision is a 500 and not silence. Rounds are interleaved.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { type Child, startChild } from '../rig/child.ts';
import { decideOnly } from '../rig/decide-only.ts';
import { startEnvoy } from '../rig/envoy.ts';
import { flood } from '../rig/flood.ts';
import { localizeEnvoyConfig } from '../rig/localize.ts';
import { until } from '../rig/until.ts';

const TRANSPORTS = ['grpc-js, stock', 'node:http2, stock', 'node:http2, raised limits'] as const;
const ROUNDS = 2;
const REQUESTS = 40_000;
const root = resolve(import.meta.dirname, '..');

interface Round {
  readonly perSecond: number;
  readonly lost: number;
  readonly connections: number;
}

const rounds = new Map<string, Round[]>(TRANSPORTS.map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round++) {
  for (const name of TRANSPORTS) rounds.get(name)?.push(await measure(name));
}
const worst = (name: string, of: (round: Round) => number) => Math.max(...(rounds.get(name) ?? []).map(of));
console.log(`${REQUESTS} requests, 64 connections, Envoy fail-closed; worst of ${ROUNDS} interleaved rounds\n`);
console.log('transport                     lost     share  connections opened  requests/s');
for (const name of TRANSPORTS) {
  const lost = worst(name, (round) => round.lost);
  const cells = [
    name.padEnd(26),
    String(lost).padStart(7),
    `${((100 * lost) / REQUESTS).toFixed(2)} %`.padStart(9),
    String(worst(name, (round) => round.connections)).padStart(19),
    String(Math.round(worst(name, (round) => round.perSecond))).padStart(11),
  ];
  console.log(cells.join(' '));
}

async function measure(transport: string): Promise<Round> {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-bench-'));
  const socket = join(folder, 'decide.sock');
  const server: Child = await startChild(process.execPath, [join(root, 'bench/decide-server.ts'), transport, socket]);
  await until(() => server.log().includes('serving'), { what: `${transport} serves` });
  const nowhere = { address: '127.0.0.1', port: 1 };
  const config = parse(
    localizeEnvoyConfig(readFileSync(join(root, 'envoy/envoy.yaml'), 'utf8'), {
      endpoints: {
        'model-v1:8080': nowhere,
        'model-v2:8080': nowhere,
        'model-v3:8080': nowhere,
        'jaeger:4317': nowhere,
      },
      pipes: { '/run/understudy/decide.sock': socket, '/run/understudy/observe.sock': join(folder, 'nobody') },
      files: { '/etc/envoy/capture.lua': join(root, 'envoy/capture.lua') },
    }),
  );
  decideOnly(config);
  const envoy = await startEnvoy({ configYaml: stringify(config) });
  const healthy = async () =>
    [...(await envoy.stats('^cluster.understudy_decide.membership_healthy$')).values()][0] === 1;
  await until(healthy, { what: 'Envoy finds it healthy' });
  const port = envoy.port('edge');
  const startMs = performance.now();
  const statuses = await flood({
    port,
    count: REQUESTS,
    connections: 64,
    headers: (n) => `x-user-id: u${n % 1000}\r\n`,
  });
  const seconds = (performance.now() - startMs) / 1_000;
  const [connections = 0] = (await envoy.stats('^cluster.understudy_decide.upstream_cx_total$')).values();
  await envoy.stop();
  await server.stop();
  rmSync(folder, { recursive: true });
  return { perSecond: REQUESTS / seconds, lost: REQUESTS - (statuses[200] ?? 0), connections };
}
