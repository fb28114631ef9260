import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { until } from '../../rig/until.ts';
import { startLoad, statuses } from './load.ts';
import { ROLLOUT, Stage } from './stage.ts';

let stage: Stage;
let original: string;
beforeAll(async () => {
  stage = await Stage.start();
  original = readFileSync(stage.configFile, 'utf8');
});
afterAll(() => stage.stop());

/** The file as it was at the start, with other keys; put in its place as editors do. */
function replaceFile(changes: object): void {
  const beside = `${stage.configFile}.new`;
  writeFileSync(beside, stringify({ ...parse(original), ...changes }));
  renameSync(beside, stage.configFile);
}

async function counted(name: string): Promise<number> {
  return (await stage.counters())[name] ?? 0;
}

async function untilCounted(name: string, count: number): Promise<void> {
  await until(async () => (await counted(name)) === count, { what: `${name} is ${count}` });
}

async function untilTold(text: string): Promise<void> {
  await until(() => stage.sidecar.log().includes(text), { what: `it says ${text}` });
}

const versionFor = async (headers: Record<string, string>) => (await stage.request(headers)).version;

test('a rule changed in the file changes routing, live, and no request fails', async () => {
  const load = startLoad(stage);
  await load.more(100);
  expect(await versionFor({ 'x-user-id': 'u', 'x-canary': 'beta' })).toBe('1.0.0');

  const rules = [{ when: { header: { 'x-canary': { prefix: 'be' } } }, arm: 'canary' }];
  replaceFile({ rollouts: [{ ...ROLLOUT, rules }] });
  await until(async () => (await versionFor({ 'x-user-id': 'u', 'x-canary': 'beta' })) === '2.0.0', {
    what: 'the new rule decides',
  });
  expect(await versionFor({ 'x-user-id': 'u', 'x-canary': 'always' })).toBe('1.0.0');
  await load.more(100);
  await load.stop();
  expect(Object.keys(statuses(load.answers))).toEqual(['200']);
  expect(await counted('config.reloads')).toBe(1);
  expect(await stage.rollout()).toMatchObject({ weightBp: 0, revision: 2, updatedBy: 'configuration' });
});

test('a bad file changes nothing, is counted and told in full; the next good one is taken', async () => {
  const before = await stage.rollout();
  writeFileSync(stage.configFile, 'rollouts:\n  - name: ""\n    weight: 5%\n');
  await untilCounted('config.reload-failures', 1);
  expect(await stage.rollout()).toMatchObject({ revision: before.revision, release: before.release });
  expect(await versionFor({ 'x-user-id': 'u', 'x-canary': 'beta' })).toBe('2.0.0');
  for (const problem of [':2:11: rollouts[0].name:', ':3:5: rollouts[0].weight:', ':2:5: rollouts[0].stable:']) {
    await untilTold(`${stage.configFile}${problem}`);
  }

  writeFileSync(stage.configFile, original);
  await untilCounted('config.reloads', 2);
  expect(await versionFor({ 'x-user-id': 'u', 'x-canary': 'beta' })).toBe('1.0.0');
  expect(await versionFor({ 'x-user-id': 'u', 'x-canary': 'always' })).toBe('2.0.0');
});

test('SIGHUP takes the file again, and one that says the same changes no revision', async () => {
  const before = await stage.rollout();
  stage.sidecar.signal('SIGHUP');
  await untilCounted('config.reloads', 3);
  expect((await stage.rollout()).revision).toBe(before.revision);
});

test('what is open since the start stays, and that it needs a restart is told', async () => {
  replaceFile({ store: '/nowhere/understudy.db' });
  await untilCounted('config.reloads', 4);
  await untilTold('changed, but needs a restart: store');
  expect((await stage.setWeight(10_000)).rollout?.weightBp).toBe(10_000);
});

test('a rollout that left the file goes to stable for everyone, and back in it starts at 0', async () => {
  expect(await versionFor({ 'x-user-id': 'u' })).toBe('2.0.0');
  replaceFile({ rollouts: [{ ...ROLLOUT, name: 'other', route: 'other' }] });
  await until(async () => (await versionFor({ 'x-user-id': 'u' })) === '1.0.0', { what: 'stable answers' });
  expect(await versionFor({ 'x-user-id': 'u', 'x-canary': 'always' })).toBe('1.0.0');
  expect((await stage.sidecar.rollouts()).rollouts.map(({ name }) => name)).toEqual(['other']);

  replaceFile({});
  await untilCounted('config.reloads', 6);
  expect(await versionFor({ 'x-user-id': 'u', 'x-canary': 'always' })).toBe('2.0.0');
  expect(await versionFor({ 'x-user-id': 'u' })).toBe('1.0.0');
  expect(await stage.rollout()).toMatchObject({ name: 'flight-delay', weightBp: 0 });
});
