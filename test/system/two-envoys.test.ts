/** Several Envoys ask one Understudy, and an Envoy changes while it serves. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import type { Envoy } from '../../rig/envoy.ts';
import { until } from '../../rig/until.ts';
import { bucketOf } from '../../src/routing/bucket.ts';
import { startLoad, statuses } from './load.ts';
import { Stage } from './stage.ts';

const NEXT = { name: 'next', cluster: 'flight-delay-v3-shadow', version: '3.0.0' };

/** As many decisions, and as many pairs, as there were requests. */
async function allDecidedAndJoined(stage: Stage, requests: number): Promise<void> {
  let told: unknown;
  const all = async () => {
    const decisions = (await stage.rollout()).decisions.reduce((sum, { count }) => sum + count, 0);
    const pairs = (await stage.counters())['pairing.pairs'];
    told = { decisions, pairs };
    return decisions === requests && pairs === requests;
  };
  await until(all, { what: 'all is decided and joined' }).catch(() => {
    expect(told).toEqual({ decisions: requests, pairs: requests });
  });
}

test('through two Envoys a user stays on one arm, no id comes twice, and the pairs of both are joined', async () => {
  const stage = await Stage.start({ rollout: { shadows: [NEXT] } });
  onTestFinished(() => stage.stop());
  const other = await stage.anotherEnvoy();
  onTestFinished(() => other.stop());
  await stage.setWeight(5_000);

  const users = Array.from({ length: 250 }, (_, index) => `user-${index}`);
  const expected = users.map((user) => (bucketOf('flight-delay/2.0.0', 'header', user) < 5_000 ? '2.0.0' : '1.0.0'));
  const ids = new Set<unknown>();
  const production = [stage.models.v1, stage.models.v2];
  for (let round = 0; round < 4; round++) {
    const [here, there] = await Promise.all([versionsFor(stage.envoy), versionsFor(other)]);
    expect(here).toEqual(expected);
    expect(there).toEqual(expected);
    for (const { headers } of production.flatMap((model) => model.seen.splice(0))) ids.add(headers['x-understudy-id']);
  }
  expect(ids.size).toBe(2_000);
  expect(ids).not.toContain(undefined);
  await allDecidedAndJoined(stage, 2_000);

  async function versionsFor(envoy: Envoy): Promise<string[]> {
    const ask = (user: string) => stage.request({ 'x-user-id': user }, undefined, undefined, envoy);
    const versions: string[] = [];
    for (let from = 0; from < users.length; from += 50) {
      const answers = await Promise.all(users.slice(from, from + 50).map(ask));
      versions.push(...answers.map(({ version }) => version));
    }
    return versions;
  }
});

test('a listener that changes under load loses no request and no decision', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-lds-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'listeners.yaml');
  // biome-ignore lint/suspicious/noExplicitAny: a tree of YAML
  let edge: any;
  const write = () => {
    const type = 'type.googleapis.com/envoy.config.listener.v3.Listener';
    writeFileSync(`${file}.new`, stringify({ resources: [{ '@type': type, ...edge }] }));
    // Envoy watches for the move: it never reads half a file
    renameSync(`${file}.new`, file);
  };
  const stage = await Stage.start({
    rollout: { shadows: [NEXT] },
    // the shipped file's edge, told by a file that may change
    envoy(config) {
      [edge] = config.static_resources.listeners.splice(0, 1);
      config.dynamic_resources = { lds_config: { path_config_source: { path: file } } };
      write();
    },
    envoyArgs: [
      '--service-node',
      'one',
      '--service-cluster',
      'edges',
      '--drain-time-s',
      '2',
      '--drain-strategy',
      'immediate',
    ],
  });
  onTestFinished(() => stage.stop());
  const load = startLoad(stage);
  onTestFinished(() => load.stop());
  await load.more(200);

  for (const [update, header] of ['one', 'two'].entries()) {
    // the chain is another one now, so connections of the old one drain
    const manager = edge.filter_chains[0].filters[0].typed_config;
    manager.route_config.response_headers_to_add = [{ header: { key: 'x-listener', value: header } }];
    write();
    const updated = async () =>
      (await stage.envoy.stats('^listener_manager.listener_in_place_updated$')).values().next().value === update + 1;
    await until(updated, { what: 'Envoy takes the listener' });
    const drained = async () =>
      (await stage.envoy.stats('^listener_manager.total_filter_chains_draining$')).values().next().value === 0;
    await until(drained, { what: 'the old one has drained' });
    await load.more(200);
  }
  await load.stop();
  expect(statuses(load.answers)).toEqual({ 200: load.answers.length });
  await allDecidedAndJoined(stage, load.answers.length);
});

test('an Envoy that drains its listeners under load loses no request and no decision', async () => {
  const stage = await Stage.start({
    rollout: { shadows: [NEXT] },
    envoyArgs: ['--drain-time-s', '5', '--drain-strategy', 'immediate'],
  });
  onTestFinished(() => stage.stop());
  const staying = stage.envoy;
  const leaving = await stage.anotherEnvoy();
  onTestFinished(() => leaving.stop());
  stage.envoy = leaving;
  const load = startLoad(stage);
  onTestFinished(() => load.stop());
  await load.more(200);

  const drains = await fetch(`http://127.0.0.1:${leaving.adminPort}/drain_listeners?graceful`, { method: 'POST' });
  expect(drains.status).toBe(200);
  // what a load balancer has not noticed yet is still served
  await load.more(200);
  stage.envoy = staying;
  await until(() => idle(leaving), { what: 'it has no request left' });
  await load.more(200);
  await load.stop();
  expect(statuses(load.answers)).toEqual({ 200: load.answers.length });
  await allDecidedAndJoined(stage, load.answers.length);

  async function idle(envoy: Envoy): Promise<boolean> {
    return (await envoy.stats('^http.edge.downstream_rq_active$')).values().next().value === 0;
  }
});
