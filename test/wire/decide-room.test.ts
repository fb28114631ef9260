import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDecideRoom, type DecideRoom } from '../../src/extproc/decide-room.ts';
import { PROCESS_PATH } from '../../src/extproc/services.ts';
import { ProcessingRequest, ProcessingResponse } from '../../src/gen/envoy/service/ext_proc/v3/external_processor.ts';
import type { Shadow, Snapshot } from '../../src/routing/snapshot.ts';
import { bytesOf, place, sharedOf } from '../unit/geography/databases.ts';
import { rollout, shadowOf } from '../unit/routing/rollout.ts';

const folder = mkdtempSync(join(tmpdir(), 'understudy-room-'));
const path = join(folder, 'decide.sock');
const client = new Client(`unix:${path}`, credentials.createInsecure());

const snapshot = (revision: number, changes: Partial<Shadow> = {}): Snapshot => ({
  revision,
  unitKey: '00'.repeat(32),
  rollouts: [
    rollout({
      segments: { country: { geoip: 'country' }, city: { geoip: 'city' } },
      rules: [{ when: { segment: { country: { exact: 'NZ' } } }, arm: 'canary' }],
      shadows: [shadowOf('next', 'ranker-v3-shadow', '3.0.0', { maxPerSecond: 1, ...changes })],
    }),
  ],
});

let room: DecideRoom;
beforeAll(async () => {
  const randomBytes = new Uint8Array(8);
  room = createDecideRoom({ snapshot: snapshot(1), database: sharedOf(bytesOf()), decideThreads: 60, randomBytes });
  await room.serve(path);
});
afterAll(async () => {
  client.close();
  await room.stop(0);
  rmSync(folder, { recursive: true });
});

/** Our headers and metadata for a request that comes from `address`. */
async function decided(address: string) {
  const identity = (value: Buffer) => value;
  const call = client.makeBidiStreamRequest(PROCESS_PATH, identity, identity);
  const request: ProcessingRequest = {
    request: { $case: 'requestHeaders', value: { headers: { headers: [] }, attributes: {}, endOfStream: true } },
    attributes: { 'envoy.filters.http.ext_proc': { 'xds.route_name': 'ranker', 'source.address': address } },
    observabilityMode: false,
  };
  call.end(Buffer.from(ProcessingRequest.encode(request).finish()));
  const [bytes] = await call.toArray();
  const { response, dynamicMetadata } = ProcessingResponse.decode(bytes);
  if (response?.$case !== 'requestHeaders') throw new Error('no answer to request headers');
  const set = response.value.response?.headerMutation?.setHeaders ?? [];
  const headers = Object.fromEntries(set.map(({ header }) => [header?.key, header?.rawValue.toString()]));
  return { headers, segments: dynamicMetadata?.['understudy.decision'].segments };
}

test('a request is decided by where it comes from, in the newest database', async () => {
  const before = await decided('203.97.0.1:4711');
  expect(before.headers['x-understudy-arm']).toBe('canary');
  expect(before.segments).toEqual({ country: 'NZ', city: 'Auckland' });
  expect((await decided('[2001:db8::1]:0')).segments).toEqual({ country: 'CH', city: 'Zürich' });
  expect((await decided('10.0.0.1:80')).segments).toEqual({});

  room.useDatabase(sharedOf(bytesOf({ '203.97.0.0/16': place('EU', 'IE', 'L', 'Dublin') })));
  const after = await decided('203.97.0.1:4711');
  expect(after.headers['x-understudy-arm']).toBe('stable');
  expect(after.segments).toEqual({ country: 'IE', city: 'Dublin' });
});

test('a shadow gets no more copies than its limit, over new snapshots too, and the rest is counted', async () => {
  const isMirrored = async () => (await decided('10.0.0.1:80')).headers['x-understudy-mirror-1'] !== undefined;
  // forgets what was used up: the shadow is gone, then there again
  room.use({ ...snapshot(2), rollouts: [rollout({ shadows: [] })] });
  room.use(snapshot(3));
  room.report();
  expect(await isMirrored()).toBe(true);
  room.use(snapshot(4, { maxBodyBytes: 1_000 }));
  // one a second over sixty threads: the next one is due in a minute
  expect([await isMirrored(), await isMirrored()]).toEqual([false, false]);
  room.use(snapshot(5, { maxPerSecond: undefined }));
  expect([await isMirrored(), await isMirrored()]).toEqual([true, true]);
  expect(room.report().counters).toMatchObject({ 'decide.mirrored': 3, 'decide.mirror-skipped.rate-limited': 2 });
});
