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
  geoip: undefined,
  rollouts: [specOf('ranker')],
};

function start(unconfirmed: readonly string[] = []) {
  const store = openStore(':memory:');
  const publisher = fakePublisher(unconfirmed);
  const controller = createController({ specs: running.rollouts, store, publisher, now: () => 0 });
  const counted: string[] = [];
  const told: string[] = [];
  const reload = createReload({
    running,
    controller,
    count: (name) => counted.push(name),
    log: (line) => told.push(line),
  });
  return { store, publisher, controller, counted, told, reload };
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
