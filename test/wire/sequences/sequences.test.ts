import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Client } from '@grpc/grpc-js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../../../rig/until.ts';
import { listenHttp2 } from '../../../src/extproc/http2-transport.ts';
import type { Listener } from '../../../src/extproc/transport.ts';
import { ProcessingResponse } from '../../../src/gen/envoy/service/ext_proc/v3/external_processor.ts';
import { listenGrpcJs } from '../grpc-js-decide.ts';
import { MODE, nothing, PB, PH, PT, RB, RH, RT, shorten, USER } from './messages.ts';
import { connect, type Outcome, playInMemory, playOverSocket, Stream, Subject, subjectSnapshot } from './play.ts';
import { PLAYS, type Play, PROVEN_ELSEWHERE } from './sequences.ts';

const folder = mkdtempSync(join(tmpdir(), 'understudy-sequences-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('in memory', () => {
  test.each(PLAYS)('$number: $sentence', (play) => {
    const subject = new Subject();
    check(play, playInMemory(subject.services, play), subject);
  });
});

describe.each([
  ['our HTTP/2 transport', 'ours', listenHttp2],
  ['stock grpc-js, the oracle', 'oracle', listenGrpcJs],
])('over %s', (_, name, listen) => {
  const path = join(folder, name);
  let subject = new Subject();
  let listener: Listener;
  let client: Client;
  beforeAll(async () => {
    listener = await listen(path, (call) => subject.services(call));
    client = connect(path);
  });
  afterAll(async () => {
    client.close();
    await listener.close(0);
  });

  test.each(PLAYS)('$number: $sentence', async (play) => {
    subject = new Subject();
    const outcome = await playOverSocket(client, play, subject);
    await until(() => subject.opened === 1 && subject.closed === 1, { what: 'no stream is in flight' });
    check(play, outcome, subject);
    const { answers, status } = playInMemory(new Subject().services, play);
    expect([outcome.answers, outcome.status]).toEqual([answers, play.end === 'cancel' ? undefined : status]);
  });

  test('a message over 4 MiB is refused before it is whole in memory', async () => {
    subject = new Subject();
    const big = RB({ body: Buffer.alloc(4 * 1024 * 1024) });
    const { answers, status } = await playOverSocket(client, { send: [big], answers: [] }, subject);
    expect([answers, status?.[0]]).toEqual([[], 8]);
    await until(() => subject.opened === subject.closed, { what: 'no stream is in flight' });
  });

  test('two streams interleaved on one connection, with one x-request-id, are decided apart', async () => {
    subject = new Subject();
    const request = (unit: string) =>
      RH({ headers: [['x-request-id', 'same'], ...(unit === '' ? [] : [['x-user-id', unit] as const])] });
    const [first, second] = [new Stream(client), new Stream(client)];
    first.call.write(PH());
    second.call.write(PH());
    await Promise.all([first.answered(1), second.answered(1)]);
    second.call.write(request('u'));
    first.call.write(request(''));
    expect([await first.status, await second.status]).toEqual([
      [0, ''],
      [0, ''],
    ]);
    expect([first, second].map(({ answers }) => answers.map(shorten)[1])).toEqual([
      'requestHeaders stable',
      'requestHeaders canary',
    ]);
    await until(() => subject.closed === 2, { what: 'no stream is in flight' });
  });

  test('100 streams at once each get the answer of their own user', async () => {
    subject = new Subject();
    subject.compiled = subjectSnapshot(7, 5_000);
    const plays = Array.from({ length: 100 }, (_, index) => [RH({ headers: [['x-user-id', `user-${index}`]] })]);
    const outcomes = await Promise.all(plays.map((send) => playOverSocket(client, { send, answers: [] }, subject)));
    const alone = plays.map((send) => {
      const other = new Subject();
      other.compiled = subject.compiled;
      return playInMemory(other.services, { send });
    });
    expect(outcomes).toEqual(alone);
    expect(new Set(outcomes.map(({ answers }) => answers.map(shorten).join()))).toHaveProperty('size', 2);
    await until(() => subject.closed === 100, { what: 'no stream is in flight' });
  });

  test('logic that throws costs the streams beside it nothing', async () => {
    subject = new Subject();
    const failing = { send: [RH({ headers: [...USER, ['x-fail', 'error']] })], answers: [] };
    const sound = { send: [RH()], answers: [] };
    const outcomes = await Promise.all(
      [sound, failing, sound, failing, sound].map((play) => playOverSocket(client, play, subject)),
    );
    expect(outcomes.map(({ answers, status }) => [answers.length, status?.[0]])).toEqual([
      [1, 0],
      [0, 0],
      [1, 0],
      [0, 0],
      [1, 0],
    ]);
    expect(subject.faults).toEqual(['failed', 'failed']);
  });

  test('a snapshot changed while 50 streams are open: none mixes two, the next decision is from the new one', async () => {
    subject = new Subject();
    const streams = Array.from({ length: 50 }, () => new Stream(client));
    for (const { call } of streams) call.write(PH());
    await Promise.all(streams.map((stream) => stream.answered(1)));
    for (const { call } of streams.slice(0, 25)) call.write(RH());
    await Promise.all(streams.slice(0, 25).map(({ status }) => status));
    subject.compiled = subjectSnapshot(8, 0);
    for (const { call } of streams.slice(25)) call.write(RH());
    await Promise.all(streams.map(({ status }) => status));
    const seen = streams.map(({ answers }) => [revisionOf(answers[1]), shorten(answers[1] as Buffer)].join(' '));
    expect(seen).toEqual([
      ...Array.from({ length: 25 }, () => '7 requestHeaders canary'),
      ...Array.from({ length: 25 }, () => '8 requestHeaders stable'),
    ]);
  });
});

test('a stream that hangs when the listener closes is cut, and not with OK', async () => {
  const subject = new Subject();
  const listener = await listenHttp2(join(folder, 'closing'), subject.services);
  const client = connect(join(folder, 'closing'));
  onTestFinished(() => client.close());
  const hanging = new Stream(client);
  hanging.call.write(PH());
  await hanging.answered(1);
  expect(await listener.close(50)).toBe(1);
  expect((await hanging.status)[0]).not.toBe(0);
  expect(subject.closed).toBe(1);
});

test('whatever is sent, no answer holds what Envoy refuses, answers match their messages, and the stream ends once', () => {
  const header = fc.tuple(
    fc.constantFrom(
      'x-user-id',
      'x-canary',
      'x-geo-country',
      ':authority',
      'host',
      'x-envoy-retry-on',
      'x-understudy-arm',
    ),
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    ),
  );
  const extra = fc.record(
    {
      end: fc.boolean(),
      observed: fc.boolean(),
      headers: fc.array(header, { maxLength: 5 }),
      route: fc.constantFrom('ranker', 'another', null),
      protocol: fc.constantFrom({}, { request: MODE.STREAMED }, { request: MODE.GRPC }),
    },
    { requiredKeys: [] },
  );
  const kinds = { RH, RB, RT, PH, PB, PT, nothing };
  const message = fc.tuple(fc.constantFrom(...Object.values(kinds)), extra).map(([make, more]) => make(more));
  const bytes = fc.uint8Array({ maxLength: 40 }).map((raw) => Buffer.from(raw));
  fc.assert(
    fc.property(fc.array(fc.oneof({ weight: 9, arbitrary: message }, bytes), { maxLength: 6 }), (send) => {
      const subject = new Subject();
      const { answers, status } = playInMemory(subject.services, { send });
      expect([0, 3, 12]).toContain(status?.[0]);
      expect(answers.length).toBeLessThanOrEqual(send.length);
      expect([subject.opened, subject.closed]).toEqual([1, 1]);
      expect(subject.decisions).toBeLessThanOrEqual(1);
      for (const answer of answers) {
        shorten(answer);
        const { response } = ProcessingResponse.decode(answer);
        if (response?.$case !== 'requestHeaders') continue;
        for (const { header: set } of response.value.response?.headerMutation?.setHeaders ?? []) {
          expect(set?.key).toMatch(/^x-understudy-[a-z0-9-]+$/);
          expect([set?.value, set?.rawValue.toString('latin1')]).toEqual(['', expect.stringMatching(/^[\x20-\x7e]+$/)]);
        }
        expect(response.value.response?.headerMutation?.removeHeaders ?? []).toEqual([]);
      }
    }),
    { numRuns: 500 },
  );
});

test('every sequence from 1 to 55 is played or names a test that exists', () => {
  const numbers = new Set([...PLAYS, ...PROVEN_ELSEWHERE].map(({ number }) => number));
  expect([...numbers].sort((left, right) => left - right)).toEqual(Array.from({ length: 55 }, (_, index) => index + 1));
  for (const { provenBy } of PROVEN_ELSEWHERE) {
    const [file, name] = provenBy;
    expect(readFileSync(resolve(import.meta.dirname, '../..', file), 'utf8')).toContain(`('${name}`);
  }
});

function check(play: Play, { answers, status }: Outcome, subject: Subject): void {
  const { answers: expected, status: expectedStatus = [0, ''], faults = [] } = play;
  expect(answers.map(shorten)).toEqual(expected);
  if (play.end !== 'cancel') expect(status).toEqual(expectedStatus);
  expect(subject.faults).toEqual(faults);
  expect([subject.opened, subject.closed]).toEqual([1, 1]);
  expect(subject.decisions).toBe(expected.filter((answer) => answer.startsWith('requestHeaders')).length);
}

function revisionOf(answer: Buffer | undefined): unknown {
  return ProcessingResponse.decode(answer ?? Buffer.alloc(0)).dynamicMetadata?.['understudy.decision'].revision;
}
