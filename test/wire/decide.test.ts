import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials, Metadata, type StatusObject } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listenHttp2 } from '../../src/extproc/http2-transport.ts';
import { proveResets } from '../../src/extproc/reset-proof.ts';
import { decideServices, PROCESS_PATH, PROCESSOR_NAME } from '../../src/extproc/services.ts';
import type { SessionObserver, SessionPorts } from '../../src/extproc/session.ts';
import type { Listener } from '../../src/extproc/transport.ts';
import { HeaderValueOption_HeaderAppendAction } from '../../src/gen/envoy/config/core/v3/base.ts';
import { ProcessingRequest, ProcessingResponse } from '../../src/gen/envoy/service/ext_proc/v3/external_processor.ts';
import { type HealthCheckResponse, HealthClient } from '../../src/gen/grpc/health/v1/health.ts';
import { compileSnapshot, decide } from '../../src/routing/decide.ts';
import { rollout } from '../unit/routing/rollout.ts';
import { listenGrpcJs } from './grpc-js-decide.ts';

const folder = mkdtempSync(join(tmpdir(), 'understudy-wire-'));
afterAll(() => rmSync(folder, { recursive: true }));

const compiled = compileSnapshot({ revision: 7, unitKey: '00'.repeat(32), rollouts: [rollout({ weightBp: 10_000 })] });
const silent: SessionObserver = { opened() {}, decided() {}, faulted() {}, closed() {} };
const ID = 'f'.repeat(32);

function services(observer = silent, serving = true) {
  const ports: SessionPorts = {
    decide: (facts) => ({ snapshot: compiled.snapshot, decision: decide(compiled, facts) }),
    nextId: () => ID,
    nowMs: () => 0,
    random: () => 0,
    observer,
  };
  return decideServices(ports, () => serving);
}

function requestHeaders(headers: Record<string, string>, route = 'ranker'): ProcessingRequest {
  return {
    request: {
      $case: 'requestHeaders',
      value: {
        headers: {
          headers: Object.entries(headers).map(([key, value]) => ({ key, value: '', rawValue: Buffer.from(value) })),
        },
        attributes: {},
        endOfStream: true,
      },
    },
    attributes: { 'envoy.filters.http.ext_proc': { 'xds.route_name': route } },
    observabilityMode: false,
  };
}

const other = (phase: 'responseHeaders' | 'requestBody' | 'requestTrailers'): ProcessingRequest => ({
  request: {
    requestBody: { $case: 'requestBody' as const, value: blankBody() },
    responseHeaders: { $case: 'responseHeaders' as const, value: { attributes: {}, endOfStream: true } },
    requestTrailers: { $case: 'requestTrailers' as const, value: {} },
  }[phase],
  attributes: {},
  observabilityMode: false,
});

function blankBody() {
  return { body: Buffer.from('x'), endOfStream: true, endOfStreamWithoutMessage: false, grpcMessageCompressed: false };
}

/** Sends `messages` on one stream, half-closes, and gives back every answer and the final status. */
function exchange(client: Client, messages: Uint8Array[]): Promise<{ answers: Buffer[]; status: StatusObject }> {
  const identity = (value: Buffer) => value;
  const call = client.makeBidiStreamRequest(PROCESS_PATH, identity, identity, new Metadata());
  const answers: Buffer[] = [];
  return new Promise((resolve) => {
    call.on('data', (answer: Buffer) => answers.push(answer));
    call.on('error', () => {});
    call.on('status', (status: StatusObject) => resolve({ answers, status }));
    for (const message of messages) call.write(Buffer.from(message));
    call.end();
  });
}

const encode = (message: ProcessingRequest) => ProcessingRequest.encode(message).finish();

describe.each([
  ['our HTTP/2 transport', listenHttp2],
  ['stock grpc-js, the oracle', listenGrpcJs],
])('over %s', (name, listen) => {
  const path = join(folder, name.replaceAll(/\W/g, '').slice(0, 20));
  const inFlight = { streams: 0 };
  let listener: Listener;
  let client: Client;
  beforeAll(async () => {
    const observer = { ...silent, opened: () => inFlight.streams++, closed: () => inFlight.streams-- };
    listener = await listen(path, services(observer));
    client = new Client(`unix:${path}`, credentials.createInsecure());
  });
  afterAll(async () => {
    client.close();
    await listener.close(0);
    expect(inFlight.streams).toBe(0);
  });

  test('a request gets exactly one answer: its headers, then the stream ends OK', async () => {
    const { answers, status } = await exchange(client, [
      encode(requestHeaders({ ':method': 'GET', 'x-user-id': 'u' })),
    ]);
    expect([answers.length, status.code]).toEqual([1, 0]);
    expect(headersOf(answers[0])).toEqual({
      'x-understudy-id': ID,
      'x-understudy-arm': 'canary',
      'x-understudy-capture': '0,65536',
      'x-understudy-mirror-2': 'understudy_loop',
      'x-understudy-shadow-2': 'ranker-v1-shadow',
    });
  });

  test('a phase nobody asked us about is answered by its kind, so that Envoy goes on', async () => {
    const messages = [other('responseHeaders'), other('requestBody'), other('requestTrailers')].map(encode);
    const { answers, status } = await exchange(client, messages);
    const kinds = answers.map((answer) => ProcessingResponse.decode(answer).response?.$case);
    expect([kinds, status.code]).toEqual([['responseHeaders', 'requestBody', 'requestTrailers'], 0]);
  });

  test('an observer gets no answer at all', async () => {
    const watched = { ...requestHeaders({ 'x-user-id': 'u' }), observabilityMode: true };
    const { answers, status } = await exchange(client, [encode(watched)]);
    expect([answers, status.code]).toEqual([[], 0]);
  });

  test('bytes that are no message end the stream as an invalid argument', async () => {
    const { answers, status } = await exchange(client, [Buffer.from('ff', 'hex')]);
    expect([answers, status.code]).toEqual([[], 3]);
  });

  test('a stream without any message ends OK without an answer', async () => {
    const { answers, status } = await exchange(client, []);
    expect([answers, status.code]).toEqual([[], 0]);
  });
});

test('our transport and the oracle give byte-identical answers', async () => {
  const cases = [
    requestHeaders({ ':method': 'GET', 'x-user-id': 'u', 'x-geo-country': 'IE' }),
    requestHeaders({ 'x-user-id': 'u' }, 'another route'),
    requestHeaders({ 'x-shadowed': '1' }),
    other('responseHeaders'),
    other('requestBody'),
    other('requestTrailers'),
  ];
  const answersOver = async (listen: typeof listenHttp2, path: string) => {
    const listener = await listen(path, services());
    const client = new Client(`unix:${path}`, credentials.createInsecure());
    const results = await Promise.all(cases.map((message) => exchange(client, [encode(message)])));
    client.close();
    await listener.close(0);
    return results.map(({ answers }) => answers.map((answer) => answer.toString('base64')));
  };
  const ours = await answersOver(listenHttp2, join(folder, 'ours'));
  expect(ours.flat()).toHaveLength(cases.length);
  expect(ours).toEqual(await answersOver(listenGrpcJs, join(folder, 'oracle')));
});

describe('the decide socket', () => {
  test.each([
    ['', true, 'SERVING'],
    [PROCESSOR_NAME, true, 'SERVING'],
    [PROCESSOR_NAME, false, 'NOT_SERVING'],
  ])('answers the health check of %j, serving %j, with %s', async (service, serving, expected) => {
    const path = join(folder, `health-${expected}-${service.length}`);
    const listener = await listenHttp2(path, services(silent, serving));
    const client = new HealthClient(`unix:${path}`, credentials.createInsecure());
    const answer = await new Promise<HealthCheckResponse>((resolve, reject) =>
      client.check({ service }, (error, value) => (error ? reject(error) : resolve(value))),
    );
    expect(answer.status).toBe(expected === 'SERVING' ? 1 : 2);
    await expect(
      new Promise((_, reject) => client.check({ service: 'nobody' }, (error) => reject(error))),
    ).rejects.toMatchObject({ code: 5 });
    client.close();
    await listener.close(0);
  });

  test('is open to its owner and group only', async () => {
    const path = join(folder, 'mode');
    const listener = await listenHttp2(path, services());
    expect(statSync(path).mode & 0o777).toBe(0o660);
    await listener.close(0);
  });

  test('is refused to a second process while the first one serves, and free again afterwards', async () => {
    const path = join(folder, 'taken');
    const first = await listenHttp2(path, services());
    await expect(listenHttp2(path, services())).rejects.toThrow(`another process serves ${path}`);
    await first.close(0);
    await (await listenHttp2(path, services())).close(0);
  });
});

describe('the reset proof', () => {
  test('passes with raised limits', async () => {
    await expect(proveResets(services())).resolves.toBeUndefined();
  });

  test('refuses, naming the Node version needed, where resets close the connection', async () => {
    await expect(proveResets(services(), { raiseResetLimit: false })).rejects.toThrow('Node 24 or newer is needed');
  });
});

function headersOf(answer: Buffer | undefined): Record<string, string> {
  const response = ProcessingResponse.decode(answer ?? Buffer.alloc(0)).response;
  if (response?.$case !== 'requestHeaders') throw new Error(`expected requestHeaders, found ${response?.$case}`);
  const { headerMutation, clearRouteCache } = response.value.response ?? {};
  expect(clearRouteCache).toBe(true);
  return Object.fromEntries(
    (headerMutation?.setHeaders ?? []).map(({ header, appendAction }) => {
      // never both fields: Envoy has answered 500 to that
      expect(header?.value).toBe('');
      expect(appendAction).toBe(HeaderValueOption_HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD);
      return [header?.key, header?.rawValue.toString()];
    }),
  );
}
