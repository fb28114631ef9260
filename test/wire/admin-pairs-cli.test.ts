import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { Recorder } from '../../src/recording/recorder.ts';
import { hashUnit } from '../../src/routing/unit-hash.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { fakeTerminal } from '../unit/cli/fake-terminal.ts';
import { batchOf, countingCodec, NOON_MS, specOf as recordingOf, rowOf } from '../unit/recording/recorded.ts';
import { specOf } from '../unit/rollout/fakes.ts';
import { keptOf, pairOf, scoreDiffers, startAdminStage, withFields } from './admin-stage.ts';

async function understudy(env: Record<string, string>, ...args: string[]) {
  const terminal = fakeTerminal({ USER: 'ana', ...env });
  const code = await run(args, terminal);
  return { code, out: terminal.printed.join(''), errors: terminal.errors.join('') };
}

const specs = [
  specOf('ranker', {
    segments: { country: { header: 'x-geo-country' } },
    prediction: {
      preset: 'json',
      batch: { at: undefined, key: undefined },
      fields: [{ name: 'score', source: { at: '/score' }, compare: { kind: 'number', abs: 0, rel: 0 } }],
      timings: { featureFetch: undefined },
    },
  }),
];
const same = withFields(pairOf(1), [scoreDiffers(0)]);
const other = withFields(pairOf(2, { segments: { country: 'IE' } }), [scoreDiffers(2.5)]);
const failed = pairOf(3, {
  candidate: { ...pairOf(3).candidate, status: 0, details: 'response_timeout', error: 'timeout' },
});

test('pairs says what each field does, and is narrowed by segment, field, difference and status', async () => {
  await using stage = await startAdminStage({
    specs,
    recent: [same, other, failed],
    kept: [keptOf(other)],
    allowBodies: true,
  });
  const env = { UNDERSTUDY_ADMIN: stage.socketPath };
  const pairs = async (...args: string[]) => (await understudy(env, 'pairs', ...args)).out;
  const lines = (await pairs()).trimEnd().split('\n');
  expect(lines.map((line) => line.split('  ').slice(3))).toEqual([
    ['1.8.0 200 10.0 ms', '2.0.0 200', 'score same'],
    ['1.8.0 200 10.0 ms', '2.0.0 200', 'score different by 2.5'],
    ['1.8.0 200 10.0 ms', '2.0.0 no answer (timeout)', 'body same, score same'],
  ]);
  const only = `${lines[1]}\n`;
  expect(await pairs('--segment', 'country=IE')).toBe(only);
  expect(await pairs('--field', 'score', '--min-difference', '2.5')).toBe(only);
  expect(await pairs('--kept')).toBe(only);
  expect(await pairs('--different')).toBe(only);
  expect(await pairs('--field', 'score', '--min-difference', '2.6')).toBe('');
  expect(await pairs('--status', '504')).toBe('');
  expect(await pairs('--kept', '--bodies')).toBe(`${only}  reference  {"score":10}\n  candidate  {"score":12}\n`);
});

test('pair shows one, with bodies where they are allowed', async () => {
  await using stage = await startAdminStage({ specs, kept: [keptOf(other)], allowBodies: true });
  const env = { UNDERSTUDY_ADMIN: stage.socketPath, COLUMNS: '120' };
  const { code, out } = await understudy(env, 'pair', other.id.toUpperCase(), '--bodies');
  expect(code).toBe(0);
  expect(out).toMatch(/^! score {7}10 {9}12\.5 {7}difference 2\.5$/m);
  expect(out).toMatch(/^! {3}"score": 10 +"score": 12$/m);
  const json = await understudy(env, 'pair', other.id, '--json');
  expect(JSON.parse(json.out)).toMatchObject({ id: other.id, whyKept: ['sample'] });
});

test('what cannot be asked is said with the option, and has its exit code', async () => {
  await using stage = await startAdminStage({ specs, recent: [same] });
  const env = { UNDERSTUDY_ADMIN: stage.socketPath };
  const answers = await Promise.all([
    understudy(env, 'pairs', '--segment', 'NZ'),
    understudy(env, 'pairs', '--min-difference', 'much'),
    understudy(env, 'pairs', '--field', 'scroe'),
    understudy(env, 'pairs', '--bodies'),
    understudy(env, 'pair', '0'.repeat(32)),
    understudy(env, 'pair', 'x'),
  ]);
  expect(answers.map(({ code }) => code)).toEqual([2, 2, 5, 4, 5, 2]);
  expect(answers.map(({ errors }) => errors.split(/[:,;]/)[0])).toEqual([
    'segment',
    'min-difference',
    'field',
    'include_bodies',
    'id',
    'id',
  ]);
});

/** A configuration with a store, and with a recording of one row of alice and one of bob. */
async function recorded({ recording = true } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-forget-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [config, store, directory] = [join(folder, 'understudy.yaml'), join(folder, 'store.db'), join(folder, 'rec')];
  const lines = [
    'trustedHeaders: [x-user-id, x-device]',
    `store: ${store}`,
    ...(recording ? [`recording: { directory: ${directory} }`] : []),
    'rollouts:',
    '  - name: ranker',
    '    stable: { cluster: v1, version: "1" }',
    '    canary: { cluster: v2, version: "2" }',
    '    unit: [{ header: x-user-id }, { cookie: sid }]',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  const opened = openStore(store);
  const key = opened.unitKey();
  opened.close();
  const hash = (value: string, source = 'header x-user-id') => hashUnit(key, { source, value });
  if (recording) {
    const clock = { nowMs: NOON_MS };
    const ports = { codec: countingCodec, count: () => {}, nowMs: () => clock.nowMs };
    const recorder = new Recorder(recordingOf(directory), ports);
    recorder.take(batchOf(['alice', 'bob'].map((name, n) => rowOf(n, { unit: hash(name) }))));
    clock.nowMs += 31_000;
    await recorder.work();
    await recorder.stop(1_000);
  }
  return { config, hash };
}

test('forget finds a unit by the places of the configuration, in memory and in the recording', async () => {
  const { config, hash } = await recorded();
  await using stage = await startAdminStage({ specs });
  const env = { UNDERSTUDY_ADMIN: stage.socketPath };
  const args = ['--config', config, 'forget', '--unit', 'alice', '--reason', 'request 17'];
  expect(await understudy(env, ...args)).toEqual({
    code: 0,
    out: 'looked for by header x-user-id, cookie sid\nforgotten: 2 pairs in memory; 1 recorded rows, in 1 of 1 files\n',
    errors: '',
  });
  expect(stage.forgotten).toEqual([hash('alice'), hash('alice', 'cookie sid')]);
  expect(stage.log[0]).toContain('asked by "ana", "request 17"');
  const again = await understudy(env, ...args, '--source', 'header:X-User-Id', '--json');
  expect(JSON.parse(again.out)).toMatchObject({ sources: ['header x-user-id'], pairs: 1, rows: 0, files: 1 });
});

test('forget works without a sidecar, and without a recording', async () => {
  const { config } = await recorded({ recording: false });
  const env = { UNDERSTUDY_ADMIN: '/nowhere/admin.sock' };
  const { code, out } = await understudy(env, '--config', config, 'forget', '--unit', 'alice', '--reason', 'r');
  expect(code).toBe(0);
  expect(out).toBe(
    'looked for by header x-user-id, cookie sid\nforgotten: no sidecar runs, so nothing is in memory; nothing is recorded (no recording: in the configuration)\n',
  );
});

test('forget says what it cannot do', async () => {
  const { config } = await recorded({ recording: false });
  const forget = (...args: string[]) => understudy({}, '--config', config, 'forget', '--reason', 'r', ...args);
  expect(await forget('--unit', 'a', '--source', 'device')).toMatchObject({
    code: 2,
    errors: 'source: expected for example header:x-user-id, cookie:sid or client:address, found "device"\n',
  });
  expect((await forget('--unit', '')).errors).toBe('unit: expected a non-empty text\n');
  const elsewhere = `${config}.other`;
  writeFileSync(elsewhere, readFileSync(config, 'utf8').replace(/store: .*/, 'store: /nowhere/store.db'));
  const missing = await understudy(
    {},
    '--config',
    elsewhere,
    'forget',
    '--unit',
    'a',
    '--reason',
    'r',
    '--source',
    'cookie:sid',
  );
  expect([missing.code, missing.errors]).toEqual([
    2,
    'the store /nowhere/store.db cannot be read: unable to open database file\n',
  ]);
});
