import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { run } from '../../src/cli/program.ts';
import type { ReplayReport } from '../../src/replay/replay-report.ts';
import { fakeTerminal } from '../unit/cli/fake-terminal.ts';
import { Stage } from './stage.ts';
import { TestModel } from './test-model.ts';

const score = (value: number) => ({ kind: 'answer', body: () => JSON.stringify({ score: value }) }) as const;

test('what went through Envoy is recorded, and sent again to a candidate that nobody has met', async () => {
  const stage = await Stage.start({
    rollout: { capture: { request: '4KiB', response: '64KiB' } },
    // requests are only recorded where that is asked for
    understudy(config) {
      config.recording = { directory: join(folderOf(config.store), 'recording'), requests: true };
      config.rollouts[0].prediction = { fields: { score: { at: '/score', compare: { number: { abs: 0.5 } } } } };
    },
  });
  onTestFinished(() => stage.stop());
  stage.models.v1.behaviour = score(1);
  stage.models.v2.behaviour = score(1);
  for (let n = 0; n < 30; n++) {
    const headers = { 'content-type': 'application/json', 'x-geo-state': n % 2 === 0 ? 'CO' : 'XX' };
    await stage.request(headers, JSON.stringify({ n }), `/rank?n=${n}`);
  }
  await stage.waitForPairs(60);
  // what it still holds is written when it stops
  await stage.sidecar.stop();
  expect(readdirSync(join(stage.folder, 'recording', 'rows'))).not.toEqual([]);

  const candidate = await TestModel.start('9.0.0');
  onTestFinished(() => candidate.stop());
  candidate.behaviour = score(3);
  const terminal = fakeTerminal();
  const { address, port } = candidate.endpoint;
  const args = [
    '--config',
    stage.configFile,
    '--to',
    `http://${address}:${port}`,
    '--rate',
    '1000',
    '--format',
    'json',
  ];
  expect(await run(['replay', ...args], terminal)).toBe(0);
  const report: ReplayReport = JSON.parse(terminal.printed.join(''));
  // one row for each of the two shadows, sent once
  expect(report.replay).toMatchObject({ sent: 30, skipped: { duplicate: 30 } });
  expect(candidate.seen.map(({ url, body }) => `${url} ${body}`).sort()).toEqual(
    Array.from({ length: 30 }, (_, n) => `/rank?n=${n} {"n":${n}}`).sort(),
  );
  const [field] = report.releases[0]?.shadows[0]?.fields ?? [];
  expect(field).toMatchObject({ name: 'score', disagreement: { count: 30, of: 30 } });
  expect(field?.segments.map(({ value }) => value).sort()).toEqual(['CO', 'XX']);
});

/** The folder that the store is in. */
function folderOf(store: string): string {
  return join(store, '..');
}
