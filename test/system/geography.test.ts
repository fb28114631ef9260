import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { sidecarPaths, startSidecar } from '../../rig/sidecar.ts';
import { until } from '../../rig/until.ts';
import { bytesOf, place } from '../unit/geography/databases.ts';
import { ROLLOUT, Stage } from './stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'understudy-geoip-'));
const database = join(folder, 'city.mmdb');

let stage: Stage;
beforeAll(async () => {
  writeFileSync(database, bytesOf());
  stage = await Stage.start({
    rollout: {
      segments: { country: { geoip: 'country' }, city: { geoip: 'city' } },
      rules: [{ when: { segment: { country: ['NZ', 'CH'] } }, arm: 'canary' }],
    },
    understudy: (config) => {
      // where the database lies
      config.geoip = { database };
    },
    envoy: (config) => {
      // every client of a test is 127.0.0.1: behind a proxy, which this makes of it, it is who x-forwarded-for says
      config.static_resources.listeners[0].filter_chains[0].filters[0].typed_config.use_remote_address = false;
    },
  });
});
afterAll(async () => {
  await stage.stop();
  rmSync(folder, { recursive: true });
});

const from = (address: string) => stage.request({ 'x-user-id': 'alice', 'x-forwarded-for': address });

test('where a client is decides which version answers, and is in its pairs', async () => {
  const versions: Record<string, string> = {};
  const clients = ['203.97.0.1', '2001:db8::1', '81.2.69.142', '8.8.8.8', '10.0.0.1', 'nonsense'];
  for (const address of clients) versions[address] = (await from(address)).version;
  expect(versions).toEqual({
    '203.97.0.1': '2.0.0',
    '2001:db8::1': '2.0.0',
    '81.2.69.142': '1.0.0',
    '8.8.8.8': '1.0.0',
    '10.0.0.1': '1.0.0',
    nonsense: '1.0.0',
  });
  // one of each shadow where stable answered; where the canary did, its own version is not mirrored
  const pairs = await stage.waitForPairs(4 * 2 + 2);
  const seen = pairs.filter(({ shadow }) => shadow === 'next').map(({ segments }) => Object.values(segments).sort());
  expect(seen.map(String).sort()).toEqual(['', '', '', 'Auckland,NZ', 'CH,Zürich', 'GB,London']);
});

test('an address that a client forges before its own is not believed', async () => {
  expect((await from('203.97.0.1, 81.2.69.142')).version).toBe('1.0.0');
  expect((await from('81.2.69.142, 203.97.0.1')).version).toBe('2.0.0');
});

test('a new database moves clients without a restart; a broken one changes nothing and is told', async () => {
  expect((await from('81.2.69.142')).version).toBe('1.0.0');
  writeFileSync(`${database}.new`, bytesOf({ '81.2.69.0/24': place('OC', 'NZ', 'AUK', 'Auckland') }));
  renameSync(`${database}.new`, database);
  await until(async () => (await from('81.2.69.142')).version === '2.0.0', { what: 'the new database decides' });

  writeFileSync(database, 'broken');
  const failed = async () => ((await stage.counters())['geoip.reload-failures'] ?? 0) > 0;
  await until(failed, { what: 'the broken database is counted' });
  expect(await stage.counters()).toMatchObject({ 'geoip.reloads': 1, 'geoip.reload-failures': 1 });
  expect(stage.sidecar.log()).toContain(`geoip.database ${database}: it has no MaxMind metadata`);
  expect((await from('81.2.69.142')).version).toBe('2.0.0');
});

test('without a database that can be read, Understudy does not start and says why', async () => {
  const own = mkdtempSync(join(folder, 'own-'));
  const { sockets, store } = sidecarPaths(own);
  const file = join(own, 'understudy.yaml');
  const missing = join(own, 'city.mmdb');
  const rollouts = [{ ...ROLLOUT, segments: {}, rules: [], unit: [] }];
  writeFileSync(file, stringify({ sockets, store, geoip: { database: missing }, rollouts }));
  await expect(startSidecar(file, sockets.admin)).rejects.toThrow(`geoip.database ${missing}: ENOENT`);
});
