import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import http2 from 'node:http2';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { startChild } from '../../rig/child.ts';
import { freePort } from '../../rig/free-port.ts';
import { sidecarPaths } from '../../rig/sidecar.ts';
import { until } from '../../rig/until.ts';
import { alertedMetrics } from '../unit/metrics/alerts.ts';
import { type ReadFamily, type ReadSample, readExposition } from '../unit/metrics/read-exposition.ts';
import { ROLLOUT, Stage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage.stop());

async function scrape(): Promise<ReadSample[]> {
  const response = await fetch(`${stage.metricsUrl()}/metrics`);
  return [...readExposition(await response.text()).values()].flatMap(({ samples }) => samples);
}

/** Sum over all series of `name` that have these labels. */
function sum(samples: readonly ReadSample[], name: string, labels: Record<string, string> = {}): number {
  const has = (sample: ReadSample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value);
  return samples
    .filter((sample) => sample.name === `understudy_${name}` && has(sample))
    .reduce((total, { value }) => total + value, 0);
}

function namesOf({ name, samples }: ReadFamily): string[] {
  return [name, ...samples.map((sample) => sample.name)];
}

test('every request is one decision, every copy one pair, and nothing is left over', async () => {
  const requests: Record<string, string>[] = [
    ...Array.from({ length: 60 }, (_, n) => ({ 'x-user-id': `user-${n}` })),
    ...Array.from({ length: 10 }, () => ({ 'x-user-id': 'eve', 'x-canary': 'always' })),
    ...Array.from({ length: 5 }, () => ({})),
  ];
  for (let from = 0; from < requests.length; from += 15) {
    await Promise.all(requests.slice(from, from + 15).map((headers) => stage.request(headers)));
  }
  // a copy that led back, and a body that is too large to be mirrored
  await stage.request({ 'x-user-id': 'copy', 'x-shadowed': '1' });
  await stage.request({ 'x-user-id': 'large' }, Buffer.alloc(4 * 1024 * 1024 + 1));

  const seen = await until(
    async () => {
      const samples = await scrape();
      const isQuiet =
        sum(samples, 'decide_streams_closed_total') === 77 &&
        sum(samples, 'exchanges_total', { role: 'production' }) === 76 &&
        sum(samples, 'exchanges_total', { role: 'shadow' }) === 140 &&
        // evidence of the open block is shown each second
        sum(samples, 'pairs_total') + sum(samples, 'pairs_unreferenced_total') === 140;
      return isQuiet ? samples : undefined;
    },
    { what: 'all 77 decisions, 76 of them with an id, and 140 copies are seen' },
  );
  const by = (arm: string, reason: string) => sum(seen, 'decisions_total', { rollout: 'flight-delay', arm, reason });
  expect([by('stable', 'hash'), by('canary', 'rule'), by('stable', 'no-unit'), by('stable', 'already-shadow')]).toEqual(
    [61, 10, 5, 1],
  );
  expect(sum(seen, 'decisions_total')).toBe(77);
  expect(sum(seen, 'decision_seconds_count')).toBe(77);
  expect(sum(seen, 'decide_streams_total')).toBe(77);
  expect(sum(seen, 'decide_streams_in_flight')).toBe(0);
  expect(sum(seen, 'join_waiting_ids')).toBe(0);
  expect(sum(seen, 'decision_seconds_sum')).toBeGreaterThan(0);

  expect(sum(seen, 'mirrors_total')).toBe(140);
  expect(sum(seen, 'mirrors_skipped_total', { reason: 'same-version' })).toBe(10);
  expect(sum(seen, 'mirrors_skipped_total', { reason: 'body-too-large' })).toBe(2);
  expect(sum(seen, 'pairs_total', { shadow: 'candidate' })).toBe(65);
  expect(sum(seen, 'pairs_total', { shadow: 'next' })).toBe(65);
  expect(sum(seen, 'pairs_unreferenced_total', { shadow: 'next' })).toBe(10);
  expect(sum(seen, 'comparisons_same_total', { shadow: 'candidate', what: 'status' })).toBe(65);
  expect(sum(seen, 'comparisons_same_total', { shadow: 'candidate', what: 'output' })).toBe(65);
  expect(sum(seen, 'comparisons_total', { shadow: 'candidate', what: 'output' })).toBe(130);
  expect(sum(seen, 'pair_latency_seconds_count', { shadow: 'candidate', side: 'reference' })).toBe(65);
  const lost = seen.filter(({ name }) =>
    /unmatched|late_|duplicate|unexpected|dropped|rejected|failed|faults/.test(name),
  );
  expect(lost.length).toBeGreaterThan(10);
  expect(lost.filter(({ value }) => value !== 0)).toEqual([]);
});

test('a weight and its snapshot are seen in every thread', async () => {
  await stage.setWeight(1_234);
  const seen = await scrape();
  expect(sum(seen, 'weight_basis_points', { rollout: 'flight-delay' })).toBe(1_234);
  const revisions = seen.filter(({ name }) => name === 'understudy_snapshot_revision');
  expect(revisions.map(({ labels }) => labels.thread)).toEqual(['control', 'decide-0', 'observe']);
  expect(new Set(revisions.slice(0, 2).map(({ value }) => value)).size).toBe(1);
  expect(sum(seen, 'thread_up')).toBe(2);
});

test('every alert is about something that Understudy or Envoy really exports', async () => {
  const response = await fetch(`http://127.0.0.1:${stage.envoy.adminPort}/stats/prometheus`);
  const envoys = new Set([...(await response.text()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  const page = await fetch(`${stage.metricsUrl()}/metrics`);
  // what the rollout does not ask for, a recording or predictions, has a family and no series
  const ours = new Set([...readExposition(await page.text()).values()].flatMap(namesOf));
  const named = alertedMetrics();
  expect(named.filter((name) => name.startsWith('envoy_')).length).toBeGreaterThan(2);
  expect(named.filter((name) => !ours.has(name) && !envoys.has(name))).toEqual([]);
});

test('a sidecar that starts is not ready until its threads serve, and one that stops is not ready at once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'understudy-ready-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const listen = `127.0.0.1:${await freePort()}`;
  const { sockets, store } = sidecarPaths(folder);
  const trustedHeaders = ['x-user-id', 'x-geo-state', 'x-canary'];
  const configFile = join(folder, 'understudy.yaml');
  writeFileSync(configFile, stringify({ trustedHeaders, sockets, store, metrics: { listen }, rollouts: [ROLLOUT] }));
  const main = join(import.meta.dirname, '../../src/main.ts');
  const sidecar = await startChild(process.execPath, [main, 'serve', '--config', configFile]);
  onTestFinished(() => sidecar.stop());
  const ready = async () => {
    const response = await fetch(`http://${listen}/readyz`);
    return [response.status, (await response.text()).trim()] as const;
  };

  const [first] = await until(ready, { what: 'it answers' });
  expect(first).toBe(503);
  await until(async () => (await ready())[0] === 200, { what: 'it is ready' });

  // a decision that stays open holds the stop
  const session = http2.connect('http://localhost', { createConnection: () => net.connect(sockets.decide) });
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  const path = '/envoy.service.ext_proc.v3.ExternalProcessor/Process';
  session.request({ ':method': 'POST', ':path': path }).on('error', () => {});
  const open = async () =>
    /^understudy_decide_streams_total 1$/m.test(await (await fetch(`http://${listen}/metrics`)).text());
  await until(open, { what: 'the stream is open' });
  sidecar.signal('SIGTERM');
  await until(async () => (await ready())[0] === 503, { what: 'it stops' });
  expect(await ready()).toEqual([503, 'the sidecar stops']);
  session.destroy();
  expect((await sidecar.exited).code).toBe(0);
});
