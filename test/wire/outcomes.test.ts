import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { Client, credentials } from '@grpc/grpc-js';
import { expect, onTestFinished, test } from 'vitest';
import { sidecarPaths, startSidecar } from '../../rig/sidecar.ts';
import { until } from '../../rig/until.ts';
import { run } from '../../src/cli/program.ts';
import type { HTTPAccessLogEntry } from '../../src/gen/envoy/data/accesslog/v3/accesslog.ts';
import { AccessLogServiceService, StreamAccessLogsMessage } from '../../src/gen/envoy/service/accesslog/v3/als.ts';
import { createExposureLink } from '../../src/outcomes/exposure-link.ts';
import { createOutcomeDesk } from '../../src/outcomes/outcome-desk.ts';
import { createOutcomeRoom, type OutcomeReport } from '../../src/outcomes/outcome-room.ts';
import { SETTLE_MS } from '../../src/outcomes/outcome-store.ts';
import { createRipeOutcomes } from '../../src/outcomes/ripe.ts';
import { hashUnit } from '../../src/routing/unit-hash.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { ID, productionEntry, shadowEntry } from '../unit/accesslog/entry.ts';
import { fakeTerminal } from '../unit/cli/fake-terminal.ts';
import { clicks, DAY, exposureOf, idOf, RELEASE, saidOf, snapshot, sumsOf, T0 } from '../unit/outcomes/stage.ts';
import { startAdminStage } from './admin-stage.ts';

/** Room, desk and link on real ports, with the clock in the test's hand. */
function startRoom(database = ':memory:') {
  const clock = { nowMs: T0 };
  const spec = { database, sampleBp: 10_000, keepMs: 30 * DAY, maxExposures: 1_000 };
  const room = createOutcomeRoom(spec, snapshot, { wallMs: () => clock.nowMs });
  const desk = createOutcomeDesk(5);
  const dropped: number[] = [];
  const [control, observe] = [new MessageChannel(), new MessageChannel()];
  desk.usePort(control.port1);
  room.usePort(control.port2);
  const link = createExposureLink(observe.port1, (_, by) => dropped.push(by), 3);
  room.usePort(observe.port2);
  const counters: Record<string, number> = {};
  const ripe: OutcomeReport['ripe'][number][] = [];
  const report = () => {
    const { counters: added, ripe: batches, outcomes } = room.report();
    for (const [name, by] of Object.entries(added)) counters[name] = (counters[name] ?? 0) + by;
    ripe.push(...batches);
    return outcomes;
  };
  onTestFinished(async () => {
    desk.close();
    link.close();
    await room.stop();
  });
  return { clock, room, desk, link, dropped, counters, ripe, report };
}

test('what users got and what came of it meet, ripen days later, and reach a judge once, also over a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-outcomes-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'outcomes.db');
  const store = openStore(':memory:');
  const judged = createRipeOutcomes(store);
  const { clock, room, desk, link, ripe, report } = startRoom(path);
  desk.useCohorts([clicks]);
  link.exposure(exposureOf(1, { arm: 'canary' }));
  link.exposure(exposureOf(2));
  link.flush();
  await until(() => report().exposures === 2, { what: 'both are stored' });
  clock.nowMs = T0 + DAY;
  expect(await desk.record([saidOf({ id: idOf(1), timeMs: T0 + 5 })])).toMatchObject({ accepted: 1 });
  clock.nowMs = T0 + 2 * DAY + SETTLE_MS;
  room.tick();
  report();
  expect(sumsOf(ripe)).toEqual({ stable: { exposures: 1, value: 0 }, canary: { exposures: 1, value: 1 } });
  judged.add(ripe);
  expect(Object.keys(store.inStep(() => judged.take('ranker', RELEASE)))).toEqual(['click sum']);
  await room.stop();

  const again = startRoom(path);
  again.report();
  expect(again.ripe).toEqual(ripe);
  judged.add(again.ripe);
  expect(store.inStep(() => judged.take('ranker', RELEASE))).toEqual({});
  again.desk.useCohorts([clicks]);
  again.desk.taken(judged.settled());
  await again.desk.record([saidOf({ id: idOf(1) })]);
  await again.room.stop();
  expect(startRoom(path).room.report().ripe).toEqual([]);
});

test('more outcomes than may wait are refused, so that they are said again; the others are answered', async () => {
  const { desk, counters, report } = startRoom();
  const six = Array.from({ length: 6 }, (_, n) => saidOf({ id: idOf(n) }));
  await expect(desk.record(six)).rejects.toMatchObject({ code: 'resource-exhausted' });
  const [first, second] = await Promise.allSettled([desk.record(six.slice(0, 4)), desk.record(six.slice(4))]);
  expect(first).toMatchObject({ value: { waiting: 4 } });
  expect(second).toMatchObject({ reason: { code: 'resource-exhausted' } });
  expect(await desk.record([...six.slice(3, 5), saidOf({ id: 'x' })])).toMatchObject({
    ...{ waiting: 1, duplicate: 1, refusals: 1 },
    refused: [{ index: 2, reason: 'id: expected 32 hex digits, found "x"' }],
  });
  report();
  expect(counters).toMatchObject({ 'outcomes.recorded': 5, 'outcomes.duplicate': 1, 'outcomes.refused': 1 });
});

test('who asks a thread that goes away is told to say it again', async () => {
  const { desk } = startRoom();
  const { port1, port2 } = new MessageChannel();
  desk.usePort(port1);
  const asked = desk.record([saidOf({ id: idOf(1) })]);
  port2.close();
  await expect(asked).rejects.toMatchObject({ code: 'unavailable' });
  await expect(desk.truth('ranker')).rejects.toMatchObject({ code: 'unavailable' });
});

test('exposures beyond what may be on the way are dropped and counted, and nobody waits', async () => {
  const { link, dropped, report } = startRoom();
  for (let n = 0; n < 5; n++) link.exposure(exposureOf(n));
  expect(dropped).toEqual([1, 1]);
  await until(() => report().exposures === 3, { what: 'those with room are stored' });
});

test('a sidecar without outcomes in its configuration says so', async () => {
  await using stage = await startAdminStage();
  const terminal = fakeTerminal({ UNDERSTUDY_ADMIN: stage.socketPath });
  expect(await run(['outcomes', '--show', 'ranker'], terminal)).toBe(4);
  expect(terminal.errors.join('')).toBe('outcomes: the configuration has no outcomes:, so none are taken\n');
});

test('a sidecar joins what users got with what is said of it, survives kill -9, and shows who was right', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-outcomes-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const paths = sidecarPaths(folder);
  const rollout = {
    name: 'ranker',
    stable: { cluster: 'ranker-v1', version: '1' },
    canary: { cluster: 'ranker-v2', version: '2' },
    shadows: [{ name: 'candidate', cluster: 'ranker-v2-shadow', version: '2' }],
    unit: [{ header: 'x-user-id' }],
    capture: { response: '1KiB' },
    prediction: { preset: 'json', fields: { a: { at: '/a', compare: { number: { abs: 1 } } } } },
    guards: [{ name: 'ctr', metric: 'outcome', outcome: 'click', maxDrop: '2% relative', attribution: '1h' }],
  };
  const file = join(folder, 'understudy.yaml');
  const outcomes = { database: join(folder, 'outcomes.db') };
  writeFileSync(file, JSON.stringify({ trustedHeaders: ['x-user-id'], ...paths, outcomes, rollouts: [rollout] }));
  const start = async () => {
    const sidecar = await startSidecar(file, paths.sockets.admin);
    onTestFinished(() => sidecar.stop());
    return sidecar;
  };
  const understudy = async (...args: string[]) => {
    const terminal = fakeTerminal({ UNDERSTUDY_ADMIN: paths.sockets.admin });
    const code = await run(['outcomes', ...args], terminal);
    return { code, out: terminal.printed.join(''), errors: terminal.errors.join('') };
  };
  const first = await start();
  const { release = '', revision = 0 } = (await first.rollouts()).rollouts[0] ?? {};
  const store = openStore(paths.store);
  const unit = hashUnit(store.unitKey(), { source: 'header x-user-id', value: 'ana' });
  store.close();
  const decision = { rollout: 'ranker', release, revision, weightBp: 500, reason: 'hash', segments: {}, unit };
  await tell(
    paths.sockets.observe,
    'production',
    productionEntry({ decision, headers: { 'x-understudy-shadow-3': '' } }),
  );
  const body = Buffer.from('{"a":4}').toString('base64');
  const captured = { response_body: body, response_bytes: 7, response_type: 'application/json' };
  await tell(paths.sockets.observe, 'shadow', shadowEntry(1, { captured }));
  const counted = async (name: string) => (await first.rollouts()).sidecar?.counters[name] ?? 0;
  await until(async () => (await counted('pairing.pairs')) === 1, { what: 'the pair is there' });
  await until(async () => (await counted('outcomes.exposures')) === 1, { what: 'the exposure is stored' });

  const lines = join(folder, 'outcomes.jsonl');
  const truth = { id: ID, field: 'a', value: 4 };
  const said = [
    { id: ID, name: 'click' },
    truth,
    { rollout: 'ranker', unit: 'ana', name: 'buy', key: 'order-7' },
    { id: 'x', name: 'y' },
  ];
  writeFileSync(lines, said.map((one) => `${JSON.stringify(one)}\n`).join('\n'));
  expect(await understudy(lines)).toEqual({
    code: 1,
    out: '2 joined, 1 waiting, 0 known, 1 refused\n',
    errors: `${lines}:7: id: expected 32 hex digits, found "x"\n`,
  });
  first.signal('SIGKILL');
  await first.exited;

  await start();
  expect((await understudy(lines)).out).toBe('0 joined, 0 waiting, 3 known, 1 refused\n');
  const { out } = await understudy('--show', 'ranker');
  expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    [`ranker ${release}`],
    ['FIELD', 'MODEL', 'N', 'ACCURACY', 'MAE', 'BIAS', 'BRIER', 'LOG-LOSS', 'SAID/TRUE', 'ECE'],
    ['a', 'stable', '1', '-', '3', '-3', '-', '-', '0.25', '-'],
    ['a', '2', '1', '-', '0', '0', '-', '-', '1', '-'],
    [''],
  ]);
  writeFileSync(lines, '{"id":"1","names":"click"}\n');
  expect(await understudy(lines)).toMatchObject({ code: 2, errors: `${lines}:1: unknown key names\n` });
});

/** One log entry, of now, as Envoy says it. */
async function tell(socket: string, logName: string, entry: HTTPAccessLogEntry): Promise<void> {
  if (entry.commonProperties !== undefined) entry.commonProperties.startTime = new Date();
  const client = new Client(`unix:${socket}`, credentials.createInsecure());
  const bytes = (value: Buffer) => value;
  let ended = false;
  const call = client.makeClientStreamRequest(AccessLogServiceService.streamAccessLogs.path, bytes, bytes, () => {
    ended = true;
  });
  const logEntries = { $case: 'httpLogs' as const, value: { logEntry: [entry] } };
  call.write(
    Buffer.from(StreamAccessLogsMessage.encode({ identifier: { node: undefined, logName }, logEntries }).finish()),
  );
  call.end();
  await until(() => ended, { what: 'it has read all' });
  client.close();
}
