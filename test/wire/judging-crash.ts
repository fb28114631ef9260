/** Kills a process that judges, again and again over one store, and looks at what is left. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client, credentials } from '@grpc/grpc-js';
import { expect, onTestFinished } from 'vitest';
import { type Child, startChild } from '../../rig/child.ts';
import { until } from '../../rig/until.ts';
import { AccessLogServiceService, StreamAccessLogsMessage } from '../../src/gen/envoy/service/accesslog/v3/als.ts';
import { seenFromText } from '../../src/judging/seen-block.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { productionEntry } from '../unit/accesslog/entry.ts';
import { guardOf, stateOf, type Tally, tallyJudge } from '../unit/judging/stage.ts';

const CHILD = new URL('./judging-child.ts', import.meta.url).pathname;
const RELEASE = '2.0.0-00000000';
/** Operations on the store for one step: before it, five writes, before and after it is committed; some lives have ten. */
const MAX_OPERATIONS = 80;
const BATCH = 7;

/**
 * After each kill: the state is bit by bit what the stored steps lead to, what was said to be stored is, and nothing counts
 * twice. Each request is of a unit of its own, and of a weight that tells the life it was sent in.
 */
export async function killedJudgesCountNothingTwice(kills: number, seed: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-judging-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'understudy.db');
  const sent: number[] = [];
  let random = seed;
  for (let life = 0; life <= kills; life++) {
    random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
    const isLast = life === kills;
    // others are killed from outside, whatever they are at
    const byItself = life % 4 !== 3;
    const dieAt = isLast || !byItself ? 0 : 1 + ((random >>> 8) % MAX_OPERATIONS);
    const socket = join(folder, `${life}.sock`);
    const child = await startChild(process.execPath, [CHILD, path, socket, `life-${life}`, String(dieAt)]);
    onTestFinished(() => child.stop());
    await until(() => !child.running() || child.log().includes('serving'), { what: 'it serves' });
    const killMs = isLast ? 500 : byItself ? Number.POSITIVE_INFINITY : (random >>> 8) % 700;
    sent.push(await feed(child, socket, life, killMs, isLast));
    expect(await child.exited, child.log()).toMatchObject(isLast ? { code: 0 } : { signal: 'SIGKILL' });
    check(path, life, sent, child.log());
  }
  // an undisturbed life counts every request, once
  expect(requestsOf(path).get(kills)).toBe(sent.at(-1));
}

/** How many requests it was told of, until it was gone. */
async function feed(child: Child, socket: string, life: number, killMs: number, gently: boolean): Promise<number> {
  const client = new Client(`unix:${socket}`, credentials.createInsecure());
  const bytes = (value: Buffer) => value;
  let ended = false;
  const call = client.makeClientStreamRequest(AccessLogServiceService.streamAccessLogs.path, bytes, bytes, () => {
    ended = true;
  });
  call.on('error', () => {});
  const endMs = performance.now() + killMs;
  let sent = 0;
  while (child.running() && performance.now() < endMs) {
    const logEntry = Array.from({ length: BATCH }, () => requestOf(life, sent++));
    const entries = { $case: 'httpLogs', value: { logEntry } } as const;
    const identifier = { node: undefined, logName: 'production' };
    call.write(Buffer.from(StreamAccessLogsMessage.encode({ identifier, logEntries: entries }).finish()));
    await wait(4);
  }
  if (gently) {
    call.end();
    await until(() => ended, { what: 'it has read all' });
  }
  child.signal(gently ? 'SIGTERM' : 'SIGKILL');
  await child.exited;
  client.close();
  return sent;
}

function requestOf(life: number, number: number) {
  const unit = ((BigInt(life * 1_000_000 + number) * 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn).toString(16);
  const id = (life * 1_000_000 + number).toString(16).padStart(32, '0');
  return productionEntry({
    headers: { 'x-understudy-id': id, 'x-understudy-shadow-1': '', 'x-understudy-shadow-3': '' },
    decision: {
      ...{ rollout: 'ranker', release: RELEASE, revision: 7, weightBp: life, reason: 'hash', segments: {} },
      unit: unit.padStart(16, '0'),
    },
  });
}

function check(path: string, life: number, sent: readonly number[], log: string): void {
  const store = openStore(path);
  const judged = { rollout: 'ranker', release: RELEASE, guards: [guardOf({ what: { metric: 'srm' } })] };
  let state: Tally = tallyJudge.start({ ...judged, candidateShadow: 'candidate' });
  const steps = store.steps('ranker');
  for (const { seen } of steps) state = JSON.parse(JSON.stringify(tallyJudge.step(state, seenFromText(seen))));
  if (steps.length > 0) expect(stateOf(store), 'bit by bit').toBe(JSON.stringify(state));
  const merged = steps.flatMap(({ blocks }) => blocks.map(({ thread, sequence }) => `${thread} ${sequence}`));
  expect(new Set(merged).size, 'no block twice').toBe(merged.length);
  expect(state.stable, 'each request is of a unit of its own').toBe(state.requests);
  const stored = [...log.matchAll(/^stored (\S+) (\d+)$/gm)].map(([, , sequence]) => Number(sequence));
  const taken = (sequence: number) =>
    store.inStep((writes) => {
      const as = writes.takeBlock({ sidecar: store.sidecarId(), thread: `life-${life}`, sequence });
      if (as !== 'known') expect.fail(`block ${sequence} of life ${life} was said to be stored`);
    });
  for (const sequence of stored) taken(sequence);
  store.close();
  for (const [weight, requests] of requestsOf(path)) expect(requests).toBeLessThanOrEqual(sent[weight] ?? 0);
}

/** By life. */
function requestsOf(path: string): Map<number, number> {
  const store = openStore(path);
  const requests = new Map<number, number>();
  for (const { seen } of store.steps('ranker')) {
    for (const cell of seenFromText(seen).cells) {
      const { weightBp } = cell.key;
      if ('arm' in cell) requests.set(weightBp, (requests.get(weightBp) ?? 0) + cell.arm.requests);
    }
  }
  store.close();
  return requests;
}
