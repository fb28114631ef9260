/** The oldest Envoy we run on, in a short form; `npm run test:envoys` runs everything on every pinned version. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ENVOY_VERSIONS, envoyBinary } from '../../rig/envoy-binary.ts';
import { until } from '../../rig/until.ts';
import { bucketOf } from '../../src/routing/bucket.ts';
import { startLoad, statuses } from './load.ts';
import { Stage } from './stage.ts';

const [oldest = ''] = ENVOY_VERSIONS;
const USERS = Array.from({ length: 100 }, (_, index) => `user-${index}`);

let stage: Stage;
beforeAll(async () => {
  await envoyBinary({ version: oldest });
  const shadows = [{ name: 'next', cluster: 'flight-delay-v3-shadow', version: '3.0.0' }];
  stage = await Stage.start({ envoyVersion: oldest, rollout: { shadows } });
}, 180_000);
afterAll(() => stage.stop());

async function versionsFor(headers: Record<string, string> = {}): Promise<string[]> {
  const answers = await Promise.all(USERS.map((user) => stage.request({ 'x-user-id': user, ...headers }, '{}')));
  return answers.map(({ version }) => version);
}

test('it is the version that was asked for', async () => {
  const info = (await (await fetch(`http://127.0.0.1:${stage.envoy.adminPort}/server_info`)).json()) as {
    version: string;
  };
  expect(info.version).toContain(`/${oldest}/`);
});

test('a request makes a pair, captured and compared', async () => {
  await stage.request({ 'x-user-id': 'u' }, '{}');
  const [pair] = await stage.waitForPairs(1);
  expect(pair).toMatchObject({ shadow: 'next', sameStatus: true, body: 'different' });
  expect(pair?.outputs).toEqual({ expected_delay_minutes: false, late: true });
});

test('the split follows the hash, and a forged header moves nobody', async () => {
  await stage.setWeight(5_000);
  const expected = USERS.map((user) => (bucketOf('flight-delay/2.0.0', 'header', user) < 5_000 ? '2.0.0' : '1.0.0'));
  expect(await versionsFor()).toEqual(expected);
  expect(await versionsFor({ 'x-understudy-arm': 'canary' })).toEqual(expected);
  await stage.setWeight(0);
  expect(await versionsFor({ 'x-understudy-arm': 'canary' })).toEqual(USERS.map(() => '1.0.0'));
});

test('killed and started again under load, no request fails and pairs come again', async () => {
  const load = startLoad(stage);
  await load.more(200);
  stage.sidecar.signal('SIGKILL');
  await stage.sidecar.exited;
  await load.more(200);
  await stage.restartSidecar();
  await stage.decides();
  const pairs = async () => ((await stage.counters())['pairing.pairs'] ?? 0) > 50;
  await until(pairs, { what: 'pairs come again' });
  await load.stop();
  expect(statuses(load.answers)).toEqual({ 200: load.answers.length });
});
