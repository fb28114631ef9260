/**
 * What does Understudy cost an Envoy and its users? `npm run bench [-- --rounds 5 --rate 500]`
 *
 * Three set-ups before the same upstream, which is a process of its own, measured in turn (A B C A B C ...): first at
 * saturation (64 connections, closed loop), then at a fixed rate (open loop). Then the weight is changed under load.
 * Prints Markdown; the figures behind it go to .cache/bench/. Use the ratios: absolutes belong to the machine.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startChild } from '../rig/child.ts';
import { flood } from '../rig/flood.ts';
import { until } from '../rig/until.ts';
import { paced } from './paced.ts';
import { cpuOf, perRequest, residentMiB } from './process-use.ts';
import { SET_UPS, type SetUp, startSetUp } from './set-up.ts';
import { quantile, type Round, spreadOf, table } from './summary.ts';
import { timeWeightChanges } from './weight-change.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, rate: { type: 'string', default: '500' } },
});
const roundCount = Number(values.rounds);
const perSecond = Number(values.rate);
const FLOOD_REQUESTS = 10_000;
const PACED_SECONDS = 5;
const headers = (n: number) => `x-user-id: user-${n % 1_000}\r\n`;

const upstream = await startChild(process.execPath, [join(import.meta.dirname, 'upstream.ts'), '1', '2', '3']);
const ports = await until(() => /ports (.*)/.exec(upstream.log())?.[1]?.split(' ').map(Number), {
  what: 'the upstream',
});
const setUps: SetUp[] = [];
for (const name of SET_UPS) setUps.push(await startSetUp(name, ports));
const rounds: Round[] = [];
try {
  // the first of all is warm-up
  for (let round = -1; round < roundCount; round++) {
    for (const setUp of setUps) {
      const measured = await measure(setUp);
      if (round >= 0) rounds.push(measured);
    }
  }
  const whole = setUps.at(-1);
  if (whole?.sidecar === undefined) throw new Error('the last set-up has no sidecar');
  const changes = await timeWeightChanges(whole.sidecar, whole.envoy.port('edge'), perSecond);
  const { median, max } = spreadOf(changes.map(({ firstCanaryMs }) => firstCanaryMs));

  const folder = resolve(import.meta.dirname, '../.cache/bench');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${new Date().toISOString().replaceAll(':', '-')}.json`);
  const machine = { cores: availableParallelism(), node: process.version, arch: process.arch };
  writeFileSync(file, JSON.stringify({ machine, perSecond, rounds, weightChanges: changes }, undefined, 2));

  console.log(`${roundCount} interleaved rounds; ${machine.cores} cores (${machine.arch}), Node ${machine.node}\n`);
  console.log(table(SET_UPS, rounds, perSecond));
  console.log(
    `\nWeight 0 -> 100 % at ${perSecond}/s, from the call of SetWeight to the first answer by canary: ` +
      `median ${median.toFixed(1)} ms, longest of ${changes.length} ${max.toFixed(1)} ms.\n\n${file}`,
  );
} finally {
  for (const setUp of setUps) await setUp.stop();
  await upstream.stop();
}

async function measure({ name, envoy, sidecar }: SetUp): Promise<Round> {
  const port = envoy.port('edge');
  const during = async <T>(work: () => Promise<T>, requestsOf: (result: T) => number) => {
    const before = { envoy: cpuOf(envoy.pid), sidecar: sidecar && cpuOf(sidecar.pid) };
    const startMs = performance.now();
    const result = await work();
    const seconds = (performance.now() - startMs) / 1_000;
    const requests = requestsOf(result);
    const envoyUs = perRequest(before.envoy, cpuOf(envoy.pid), requests);
    const sidecarUs = before.sidecar && sidecar && perRequest(before.sidecar, cpuOf(sidecar.pid), requests);
    return { result, perSecond: requests / seconds, envoyUs, sidecarUs };
  };
  const saturation = await during(
    () => flood({ port, count: FLOOD_REQUESTS, connections: 64, headers }),
    (statuses) => statuses[200] ?? 0,
  );
  const atRate = await during(
    () => paced({ port, perSecond, seconds: PACED_SECONDS, headers }),
    (answers) => answers.length,
  );
  const failed = atRate.result.filter(({ status }) => status !== 200).length;
  if (failed > 0 || saturation.result[200] !== FLOOD_REQUESTS) throw new Error(`${name}: requests failed`);
  const ms = atRate.result.map((answer) => answer.ms).sort((a, b) => a - b);
  const { envoyUs, sidecarUs } = atRate;
  return {
    setUp: name,
    saturation: {
      perSecond: saturation.perSecond,
      envoyUs: saturation.envoyUs,
      sidecarUs: saturation.sidecarUs,
    },
    paced: { p50Ms: quantile(ms, 0.5), p99Ms: quantile(ms, 0.99), envoyUs, sidecarUs },
    envoyMiB: residentMiB(envoy.pid),
    sidecarMiB: sidecar && residentMiB(sidecar.pid),
  };
}
