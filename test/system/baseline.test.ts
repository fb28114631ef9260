import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { freePort } from '../../rig/free-port.ts';
import { until } from '../../rig/until.ts';
import { Stage } from './stage.ts';

const ANSWER = '{"items":["a","b","c"]}';
const GUIDE = resolve(import.meta.dirname, '../../docs/baseline.md');

/** What docs/baseline.md tells users to put into Envoy: the cluster, the listener, the retry policy. */
function shownInGuide(ports: { baseline: number; fallback: number }) {
  const text = readFileSync(GUIDE, 'utf8')
    .replaceAll('9470', `${ports.baseline}`)
    .replaceAll('9471', `${ports.fallback}`);
  const [, cluster, listener, route] = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml]) => parse(yaml ?? ''));
  return { cluster: { ...cluster, name: 'flight-delay-v1' }, listener, retryPolicy: route.retry_policy };
}

async function start(options: { readonly shippedTimeout?: boolean } = {}): Promise<Stage> {
  const ports = { baseline: await freePort(), fallback: await freePort() };
  const { cluster, listener, retryPolicy } = shownInGuide(ports);
  cluster.load_assignment.cluster_name = 'flight-delay-v1';
  const stage = await Stage.start({
    ...options,
    rollout: {
      rules: [],
      shadows: [{ name: 'candidate', cluster: 'flight-delay-v2-shadow', version: '2.0.0' }],
    },
    // stable is no model: Understudy answers itself
    understudy(config) {
      Object.assign(config.rollouts[0], {
        baseline: { listen: `127.0.0.1:${ports.baseline}`, constant: { items: ['a', 'b', 'c'] } },
        prediction: { fields: { items: { at: '/items', compare: { ranking: { k: 3, minOverlap: '60%' } } } } },
      });
    },
    // as the guide says it
    envoy({ static_resources: { clusters, listeners } }) {
      clusters.splice(
        clusters.findIndex(({ name }: { name: string }) => name === 'flight-delay-v1'),
        1,
        cluster,
      );
      listeners.push(listener);
      const [{ routes }] = listeners[0].filter_chains[0].filters[0].typed_config.route_config.virtual_hosts;
      routes.at(-1).route.retry_policy = retryPolicy;
    },
  });
  onTestFinished(() => stage.stop());
  return stage;
}

/** The answers of so many requests, one after the other. */
async function answers(stage: Stage, count: number): Promise<unknown[]> {
  const seen = [];
  for (let n = 0; n < count; n++) {
    const { status, body } = await stage.request({}, '{"user":7}', '/rank');
    seen.push(`${status} ${body}`);
  }
  return seen;
}

const all = (count: number) => Array.from({ length: count }, () => `200 ${ANSWER}`);

test('a baseline answers users as the stable version, and the first model is paired with it by fields', async () => {
  const stage = await start();
  stage.models.v2.behaviour = { kind: 'answer', body: () => '{"items":["b","a","x"]}' };
  expect(await answers(stage, 20)).toEqual(all(20));
  const pairs = await stage.waitForPairs(20);
  expect(pairs[0]).toMatchObject({ shadow: 'candidate', referenced: true });
  for (const { fields } of pairs) {
    expect(fields).toMatchObject([{ name: 'items', kind: 'ranking', agree: true }]);
    expect(fields[0]?.elements[0]?.measures).toMatchObject({ overlap: 2 / 3, novelty: 1 / 3 });
  }
  expect((await stage.rollout()).weightBp).toBe(0);
});

test('with the fallback of the guide no user notices a sidecar that is killed, frozen or started again', async () => {
  const stage = await start({ shippedTimeout: true });
  expect(await answers(stage, 5)).toEqual(all(5));

  stage.sidecar.signal('SIGKILL');
  await stage.sidecar.exited;
  expect(await answers(stage, 30)).toEqual(all(30));

  await stage.restartSidecar();
  await stage.decides();
  const firstChoice = () => stage.envoy.stats('^cluster.flight-delay-v1.membership_healthy$');
  await until(async () => (await firstChoice()).values().next().value === 2, {
    what: 'Envoy finds the baseline again',
  });
  expect(await answers(stage, 5)).toEqual(all(5));

  stage.sidecar.signal('SIGSTOP');
  expect(await answers(stage, 30)).toEqual(all(30));
  stage.sidecar.signal('SIGCONT');
});

test('a baseline that is changed or moved while the sidecar runs answers anew, and where it now should', async () => {
  const stage = await start();
  const text = readFileSync(stage.configFile, 'utf8');
  const before = parse(text).rollouts[0].baseline.listen;
  const listen = `127.0.0.1:${await freePort()}`;
  const config = parse(text);
  config.rollouts[0].baseline = { listen, constant: { items: ['z'] } };
  writeFileSync(stage.configFile, stringify(config));
  const answer = async () => (await fetch(`http://${listen}/rank`)).text();
  await until(async () => (await answer()) === '{"items":["z"]}', { what: 'it answers at its new place' });
  await expect(fetch(`http://${before}/rank`)).rejects.toThrow();
  // Envoy was not told: its second choice answers
  expect(await answers(stage, 5)).toEqual(all(5));
});
