import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import type { Config } from '../../../src/config/parse.ts';
import { createReload } from '../../../src/config/reload.ts';
import { createController } from '../../../src/rollout/controller.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { fakePublisher, specOf } from '../rollout/fakes.ts';

const running: Config = {
  trustedHeaders: ['x-user-id'],
  sockets: { decide: ['/d'], observe: '/o', admin: '/a' },
  store: '/s',
  metrics: undefined,
  admin: undefined,
  observe: undefined,
  geoip: undefined,
  redact: { paths: [], headers: [], patterns: [] },
  recording: undefined,
  outcomes: undefined,
  notifications: [],
  allowBodies: false,
  rollouts: [specOf('ranker')],
};

function start(unconfirmed: readonly string[] = []) {
  return startWith(running, unconfirmed);
}

function startWith(running: Config, unconfirmed: readonly string[] = []) {
  const store = openStore(':memory:');
  const publisher = fakePublisher(unconfirmed);
  const controller = createController({ specs: running.rollouts, store, publisher, now: () => 0 });
  const counted: string[] = [];
  const told: string[] = [];
  const taken: Config[] = [];
  const reload = createReload({
    running,
    controller,
    take: (wanted) => taken.push(wanted),
    count: (name) => counted.push(name),
    log: (line) => told.push(line),
  });
  return { store, publisher, controller, counted, told, taken, reload };
}

test('a good file is applied, published, counted and told of with its revision', async () => {
  const { reload, controller, publisher, counted, told } = start();
  await reload(() => ({ ...running, rollouts: [specOf('ranker', { routes: ['other'] }), specOf('search')] }));
  expect(controller.views().map(({ name, routes }) => [name, routes])).toEqual([
    ['ranker', ['other']],
    ['search', ['search']],
  ]);
  expect(publisher.published).toEqual([controller.snapshot()]);
  expect([counted, told]).toEqual([['config.reloads'], ['configuration taken: revision 2']]);
});

test('threads that do not confirm are named', async () => {
  const { reload, told } = start(['decide-1']);
  await reload(() => ({ ...running, rollouts: [specOf('search')] }));
  expect(told).toContain('revision 2 is not yet confirmed by decide-1');
});

test('the same file publishes nothing', async () => {
  const { reload, publisher, counted, told } = start();
  await reload(() => running);
  expect(publisher.published).toEqual([]);
  expect([counted, told]).toEqual([['config.reloads'], ['configuration taken: no rollout changed']]);
});

test('what is open since the start is named, and the rest applies', async () => {
  const { reload, controller, told } = start();
  const metrics = { listen: '127.0.0.1:1' };
  await reload(() => ({ ...running, store: '/t', metrics, trustedHeaders: [], rollouts: [specOf('search')] }));
  expect(controller.views().map(({ name }) => name)).toEqual(['search']);
  expect(told).toEqual(['configuration taken: revision 2', 'changed, but needs a restart: store, metrics']);
});

const recording = { directory: '/r', sampleBp: 1, maxBytesPerDay: 0, maxAgeMs: 0, maxBytes: 0, requests: false };

test('what is recorded may change, where it is recorded may not', async () => {
  const start = (from: Config['recording']) => startWith({ ...running, recording: from });
  const { reload, told } = start(recording);
  await reload(() => ({ ...running, recording: { ...recording, sampleBp: 2 }, allowBodies: true }));
  expect(told).toEqual(['configuration taken: no rollout changed']);
  await reload(() => ({ ...running, recording: { ...recording, directory: '/t' } }));
  expect(told.at(-1)).toBe('changed, but needs a restart: recording.directory');
  const without = start(undefined);
  await without.reload(() => ({ ...running, recording }));
  expect(without.told.at(-1)).toBe('changed, but needs a restart: recording.directory');
});

test('what belongs to no rollout is handed over from a good file only', async () => {
  const { reload, taken } = start();
  await reload(() => loadConfig('/nowhere'));
  expect(taken).toEqual([]);
  const wanted = { ...running, redact: { paths: ['/a'], headers: [], patterns: [] } };
  await reload(() => wanted);
  expect(taken).toEqual([wanted]);
});

test('a bad file changes nothing, and every problem is told', async () => {
  const { reload, controller, publisher, counted, told } = start();
  const before = controller.snapshot();
  await reload(() => loadConfig(join(import.meta.dirname, '../../fixtures/config/many-mistakes.yaml')));
  expect(controller.snapshot()).toBe(before);
  expect(publisher.published).toEqual([]);
  expect(counted).toEqual(['config.reload-failures']);
  expect(told.join('\n').split('\n')).toHaveLength(5);
});

test('a store that cannot be written leaves everything as it was', async () => {
  const { reload, controller, counted, told, store } = start();
  const before = [controller.snapshot(), controller.views()];
  store.close();
  await reload(() => ({ ...running, rollouts: [specOf('search')] }));
  expect([controller.snapshot(), controller.views()]).toEqual(before);
  expect(counted).toEqual(['config.reload-failures']);
  expect(told[1]).toMatch(/^the change cannot be stored and was not made: /);
});
