import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { ProxyTracerProvider } from '@opentelemetry/api';
import { expect, onTestFinished, test } from 'vitest';
import { createObserveRoom } from '../../src/accesslog/observe-room.ts';
import { createDecideRoom } from '../../src/extproc/decide-room.ts';
import { PROCESS_PATH } from '../../src/extproc/services.ts';
import { ProcessingRequest, ProcessingResponse } from '../../src/gen/envoy/service/ext_proc/v3/external_processor.ts';
import type { Trip } from '../../src/rollout/people.ts';
import { createBreaker } from '../../src/threads/breaker.ts';
import { productionEntry } from '../unit/accesslog/entry.ts';
import { rollout } from '../unit/routing/rollout.ts';

const snapshot = { revision: 7, unitKey: '00'.repeat(32), rollouts: [rollout({ weightBp: 5_000, shadows: [] })] };

async function rooms() {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-breaker-'));
  const path = join(folder, 'decide.sock');
  const decide = createDecideRoom({ snapshot, database: undefined, decideThreads: 1, randomBytes: new Uint8Array(8) });
  await decide.serve(path);
  const client = new Client(`unix:${path}`, credentials.createInsecure());
  onTestFinished(async () => {
    client.close();
    await decide.stop(0);
    rmSync(folder, { recursive: true });
  });
  const observe = createObserveRoom(snapshot, {
    nowMs: () => 0,
    wallMs: () => 0,
    random: () => 0.5,
    tracer: new ProxyTracerProvider().getTracer('test'),
    settings: { redact: { paths: [], headers: [], patterns: [] }, recording: undefined },
  });
  return { client, decide, observe };
}

/** What Envoy is told about a request of `user`: the headers and the metadata that come back in its log. */
async function decided(client: Client, user: string) {
  const identity = (value: Buffer) => value;
  const call = client.makeBidiStreamRequest(PROCESS_PATH, identity, identity);
  const headers = [{ key: 'x-user-id', value: '', rawValue: Buffer.from(user) }];
  const request: ProcessingRequest = {
    request: { $case: 'requestHeaders', value: { headers: { headers }, attributes: {}, endOfStream: true } },
    attributes: { 'envoy.filters.http.ext_proc': { 'xds.route_name': 'ranker' } },
    observabilityMode: false,
  };
  call.end(Buffer.from(ProcessingRequest.encode(request).finish()));
  const [bytes] = await call.toArray();
  const { response, dynamicMetadata } = ProcessingResponse.decode(bytes);
  if (response?.$case !== 'requestHeaders') throw new Error('no answer to request headers');
  const set = response.value.response?.headerMutation?.setHeaders ?? [];
  const told = Object.fromEntries(set.map(({ header }) => [header?.key ?? '', header?.rawValue.toString() ?? '']));
  return { headers: told, decision: dynamicMetadata?.['understudy.decision'] };
}

test('a decision and its log entry are told with the same time, and errors of canary alone trip the breaker', async () => {
  const { client, decide, observe } = await rooms();
  const trips: Trip[] = [];
  let revision = 7;
  const breaker = createBreaker({
    controller: {
      snapshot: () => ({ ...snapshot, revision }),
      trip(_rollout, _release, trip) {
        trips.push(trip);
        revision++;
      },
    },
    count: () => {},
  });
  const times = new Set<number>();
  for (let n = 0; n < 24; n++) {
    const { headers, decision } = await decided(client, `user-${n}`);
    times.add(decision?.slot);
    const entry = productionEntry({ headers, decision: decision ?? {} });
    if (entry.response && headers['x-understudy-arm'] === 'canary') entry.response.responseCode = 503;
    observe.observe('production', entry);
  }
  const told = { ...decide.report(), ...observe.report() };
  expect(told.decided.map(({ slot }) => slot)).toEqual([...times]);
  expect(told.answered.flatMap(({ slots }) => slots.map(({ slot }) => slot))).toEqual([...times]);
  for (const arm of ['stable', 'canary'] as const) {
    expect(told.answered.flatMap(({ slots }) => slots.map((counts) => counts[arm].finished))).toEqual(
      told.decided.map((counts) => counts[arm]),
    );
  }
  breaker.addDecide(told);
  expect(trips).toEqual([]);
  breaker.addObserve(told);
  expect(trips).toMatchObject([{ kind: 'in-a-row', isEnvironment: false }]);
});
