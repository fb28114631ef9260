import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Sidecar, sidecarPaths, startSidecar } from '../../rig/sidecar.ts';
import { until } from '../../rig/until.ts';
import { ask } from '../../src/cli/client.ts';

const TEXT = `name: made
stable: { cluster: made-v1, version: "1" }
canary: { cluster: made-v2, version: "2" }
unit: [{ header: x-user-id }]
`;
const OF_FILE = {
  name: 'ranker',
  stable: { cluster: 'ranker-v1', version: '1' },
  canary: { cluster: 'ranker-v2', version: '2' },
};

function stage() {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-made-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const paths = sidecarPaths(folder);
  const file = join(folder, 'understudy.yaml');
  const write = (changes: object = {}) =>
    writeFileSync(file, JSON.stringify({ trustedHeaders: ['x-user-id'], ...paths, rollouts: [OF_FILE], ...changes }));
  write();
  const start = async () => {
    const sidecar = await startSidecar(file, paths.sockets.admin);
    onTestFinished(() => sidecar.stop());
    return sidecar;
  };
  return { file, write, start };
}

async function shown(sidecar: Sidecar) {
  return (await sidecar.rollouts()).rollouts.map(({ name, weightBp, file }) => [name, weightBp, file]);
}

const by = { reason: 'r', actor: 'ana' };

test('what was applied outlives a kill, a reload that contradicts it is refused, and one that takes its name has it', async () => {
  const { file, write, start } = stage();
  const first = await start();
  await ask(first.admin, first.admin.applyRollout, { spec: TEXT, dryRun: false, ...by });
  await ask(first.admin, first.admin.setWeight, { rollout: 'made', weightBp: 500, ...by });
  first.signal('SIGKILL');
  await first.exited;
  await first.stop();

  const second = await start();
  const both = [
    ['ranker', 0, file],
    ['made', 500, ''],
  ];
  expect(await shown(second)).toEqual(both);

  write({ rollouts: [{ ...OF_FILE, route: ['ranker', 'made'] }] });
  await until(() => second.log().includes('configuration not taken'), { what: 'the reload is refused' });
  expect(second.log()).toMatch(/rollout made, as it was applied:1:7: name: expected a route that leads to one rollout/);
  expect(await shown(second)).toEqual(both);

  const taken = { name: 'made', stable: OF_FILE.stable, canary: { cluster: 'made-v2', version: '2' } };
  write({ rollouts: [{ ...OF_FILE, stable: { cluster: 'other-v1', version: '1' } }, taken] });
  await until(async () => (await shown(second)).every(([, , where]) => where === file), { what: 'the file has both' });
});

test('what no longer fits at the start is not run, is said, and keeps no reload from being taken', async () => {
  const { write, start } = stage();
  const first = await start();
  await ask(first.admin, first.admin.applyRollout, { spec: TEXT, dryRun: false, ...by });
  await ask(first.admin, first.admin.setWeight, { rollout: 'made', weightBp: 500, ...by });
  await first.stop();

  write({ trustedHeaders: [] });
  const second = await start();
  expect((await shown(second)).map(([name]) => name)).toEqual(['ranker']);
  expect((await second.rollouts()).sidecar?.counters['config.made-refused']).toBe(1);
  expect(second.log()).toMatch(
    /rollout made, as it was applied:4:18: unit\[0\]\.header: expected a header of trustedHeaders/,
  );
  const { events } = await ask(second.admin, second.admin.listEvents, { rollout: 'made', limit: 1, before: 0 });
  expect(events).toMatchObject([{ kind: 'rollout-archived', actor: 'configuration' }]);

  write({ trustedHeaders: [], allowBodies: true });
  await until(() => second.log().includes('configuration taken'), { what: 'the reload is taken' });
  await second.stop();

  write();
  const third = await start();
  // nobody is moved by a restart: a person has to resume it
  expect((await shown(third)).at(-1)).toEqual(['made', 0, '']);
});
