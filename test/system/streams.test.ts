import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { Client, credentials, Metadata, Server, ServerCredentials, type StatusObject, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../../rig/until.ts';
import { listenAccessLogs } from '../../src/accesslog/service.ts';
import type { HTTPAccessLogEntry } from '../../src/gen/envoy/data/accesslog/v3/accesslog.ts';
import { Stage, type StageOptions } from './stage.ts';

const CANDIDATE = { name: 'candidate', cluster: 'flight-delay-v2-shadow', version: '2.0.0' };

/** Everything Envoy logs, read by the test too: from a second log of the same kind. */
async function tapLogs() {
  const path = join(tmpdir(), `understudy-tap-${randomUUID()}.sock`);
  const entries: { readonly log: string; readonly entry: HTTPAccessLogEntry }[] = [];
  const listener = await listenAccessLogs(path, (log, entry) => entries.push({ log, entry }));
  // the log's metadata and trailers are shown by nothing else
  const addTo: NonNullable<StageOptions['envoy']> = ({ static_resources: { listeners, clusters } }) => {
    const observe = clusters.find(({ name }: { name: string }) => name === 'understudy_observe');
    const text = JSON.stringify(observe).replaceAll('understudy_observe', 'tap');
    const tap = JSON.parse(text);
    tap.load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.pipe.path = path;
    clusters.push(tap);
    for (const { filter_chains } of listeners) {
      const { access_log } = filter_chains[0].filters[0].typed_config;
      access_log.push(JSON.parse(JSON.stringify(access_log[0]).replaceAll('understudy_observe', 'tap')));
    }
  };
  return {
    addTo,
    /** The entries of the newest request on both sides. */
    async newest(count: number) {
      await until(() => entries.length >= count, { what: `${count} log entries` });
      const find = (log: string) => entries.findLast((logged) => logged.log === log)?.entry;
      return { production: find('production'), shadow: find('shadow') };
    },
    taken: () => entries.length,
    async close() {
      await listener.close();
      rmSync(path, { force: true });
    },
  };
}

type Serve = (request: http.IncomingMessage, response: http.ServerResponse) => void;

async function startHttp(serve: Serve) {
  const server = http.createServer((request, response) => request.resume().on('end', () => serve(request, response)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: '127.0.0.1', port: (server.address() as AddressInfo).port, server };
}

describe('over HTTP', () => {
  /** What the models do: production, and its shadow. */
  let serve: Record<'production' | 'shadow', Serve>;
  let tap: Awaited<ReturnType<typeof tapLogs>>;
  let models: Awaited<ReturnType<typeof startHttp>>[];
  let stage: Stage;
  beforeAll(async () => {
    tap = await tapLogs();
    models = await Promise.all([
      startHttp((...exchange) => serve.production(...exchange)),
      startHttp((...exchange) => serve.shadow(...exchange)),
    ]);
    const [production, shadow] = models;
    stage = await Stage.start({
      rollout: { shadows: [CANDIDATE], capture: { response: '1KiB' } },
      endpoints: { 'model-v1:8080': production ?? fail(), 'model-v2:8080': shadow ?? fail() },
      envoy: tap.addTo,
    });
  });
  afterAll(async () => {
    await stage.stop();
    await tap.close();
    for (const { server } of models) server.closeAllConnections();
  });

  /** One request; `onChunk` is told of each chunk of the answer as it comes. */
  function get(
    onChunk: (text: string) => void = () => {},
  ): Promise<{ headers: http.IncomingHttpHeaders; body: Buffer }> {
    return new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: stage.envoy.port('edge'),
        headers: { 'x-user-id': 'u' },
        agent: false,
      };
      http
        .get(options, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => {
            chunks.push(chunk);
            onChunk(chunk.toString());
          });
          response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
          response.on('error', reject);
        })
        .on('error', reject);
    });
  }

  test('an event stream passes unchanged and unbuffered, is captured with its times, and pairs', async () => {
    const { promise: firstSeen, resolve: sawFirst } = Promise.withResolvers<void>();
    const events: Serve = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: one\n\n');
      // a proxy that waits for the end would wait for ever
      firstSeen.then(() => response.end('data: [DONE]\n\n'));
    };
    serve = { production: events, shadow: events };
    const seen: string[] = [];
    const { headers, body } = await get((text) => {
      seen.push(text);
      sawFirst();
    });
    expect([seen[0], body.toString()]).toEqual(['data: one\n\n', 'data: one\n\ndata: [DONE]\n\n']);
    expect(headers['content-type']).toBe('text/event-stream');
    const [pair] = (await stage.waitForPairs(1)).slice(-1);
    expect([pair?.body, pair?.sameStatus]).toEqual(['same', true]);
    const { production, shadow } = await tap.newest(2);
    // the shadow may be asked when the user already saw the first event, and then sends both at once
    for (const [entry, chunks] of [
      [production, 2],
      [shadow, expect.any(Number)],
    ] as const) {
      const { started_ms, ...facts } = captured(entry);
      const { response_first_ms: first, response_last_ms: last } = facts as Record<string, number>;
      expect(facts).toEqual({
        response_limit: 1_024,
        response_body: base64(body),
        response_tail: '',
        response_bytes: body.length,
        response_chunks: chunks,
        response_type: 'text/event-stream',
        response_first_ms: first,
        response_last_ms: last,
        response_gap_ms: (last ?? 0) - (first ?? 0),
      });
      expect(first).toBeGreaterThanOrEqual(0);
      expect(last).toBeGreaterThanOrEqual(first ?? 0);
    }
  });

  test('of an event stream longer than the capture both ends are kept, and it passes whole', async () => {
    const events = [1, 2, 3, 4, 5].map((digit) => `data: ${`${digit}`.repeat(292)}\n\n`);
    const text = events.join('');
    const type = { 'content-type': 'text/event-stream; charset=utf-8' };
    let more = () => {};
    serve = {
      // one event after the other, each a chunk of its own
      production(_, response) {
        const rest = events.values();
        more = () => {
          const { value, done } = rest.next();
          if (done) response.end();
          else response.write(value);
        };
        response.writeHead(200, type);
        more();
      },
      shadow: (_, response) => response.writeHead(200, type).end(text),
    };
    const before = [tap.taken(), (await stage.pairs()).length] as const;
    const { body } = await get(() => more());
    expect(body.toString()).toBe(text);
    const { production, shadow } = await tap.newest(before[0] + 2);
    expect(captured(production).response_chunks).toBe(5);
    for (const entry of [production, shadow]) {
      expect(captured(entry)).toMatchObject({
        response_body: base64(text.slice(0, 512)),
        response_tail: base64(text.slice(-512)),
        response_bytes: text.length,
      });
    }
    expect((await stage.waitForPairs(before[1] + 1)).at(-1)?.body).toBe('truncated');
  });

  test('JSON is compared by value whatever each side packed it with, and arrives as it was packed', async () => {
    const packed = gzipSync('{"a":1,"b":[2]}');
    const answer =
      (bytes: Buffer, encoding: string): Serve =>
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': encoding });
        response.end(bytes);
      };
    const pairOf = async (shadow: Serve) => {
      serve = { production: answer(packed, 'gzip'), shadow };
      const before = (await stage.pairs()).length;
      const { headers, body } = await get();
      expect([headers['content-encoding'], body]).toEqual(['gzip', packed]);
      return (await stage.waitForPairs(before + 1)).at(-1)?.body;
    };
    expect(await pairOf(answer(brotliCompressSync('{ "b": [2], "a": 1.0 }'), 'br'))).toBe('same');
    expect(await pairOf(answer(gzipSync('{"a":1,"b":[3]}'), 'gzip'))).toBe('different');
    // no client could read it
    expect(await pairOf(answer(packed, 'br'))).toBe('different');
    expect(await pairOf(answer(gzipSync(gzipSync(Buffer.alloc(64 * 1_024 * 1_024))), 'gzip, gzip'))).toBe('too-large');
    expect(await stage.counters()).toMatchObject({ 'accesslog.undecodable': 1, 'accesslog.too-large': 1 });
  });
});

describe('over gRPC', () => {
  const bytes = { serialize: (value: Buffer) => value, deserialize: (value: Buffer) => value };
  const method = (path: string, responseStream: boolean) => ({
    path,
    requestStream: false,
    responseStream,
    requestSerialize: bytes.serialize,
    requestDeserialize: bytes.deserialize,
    responseSerialize: bytes.serialize,
    responseDeserialize: bytes.deserialize,
  });
  const PREDICT = '/test.Model/Predict';
  const GENERATE = '/test.Model/Generate';

  /** Predict says the request again, or fails when `failing`; Generate streams its bytes one by one. */
  async function startModel() {
    const model = {
      seen: [] as string[],
      failing: false,
      endpoint: { address: '127.0.0.1', port: 0 },
      server: new Server(),
    };
    const trailers = new Metadata();
    trailers.set('x-tokens', '3');
    model.server.addService(
      { predict: method(PREDICT, false), generate: method(GENERATE, true) },
      {
        // biome-ignore lint/suspicious/noExplicitAny: a service without a definition
        predict(call: any, answer: any) {
          model.seen.push(`${call.request} ${call.metadata.get('x-understudy-role')}`);
          if (model.failing) answer({ code: status.INTERNAL, details: 'no model' });
          else answer(null, call.request, trailers);
        },
        // biome-ignore lint/suspicious/noExplicitAny: a service without a definition
        generate(call: any) {
          for (const byte of call.request) call.write(Buffer.from([byte]));
          call.end(trailers);
        },
      },
    );
    model.endpoint.port = await new Promise<number>((resolve, reject) =>
      model.server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      ),
    );
    return model;
  }

  let tap: Awaited<ReturnType<typeof tapLogs>>;
  let models: Record<'production' | 'shadow', Awaited<ReturnType<typeof startModel>>>;
  let stage: Stage;
  let client: Client;
  beforeAll(async () => {
    tap = await tapLogs();
    models = { production: await startModel(), shadow: await startModel() };
    stage = await Stage.start({
      rollout: { shadows: [CANDIDATE] },
      endpoints: { 'model-v1:8080': models.production.endpoint, 'model-v2:8080': models.shadow.endpoint },
      envoy(config) {
        tap.addTo(config);
        // the shipped file calls models over HTTP/1.1, and gRPC is HTTP/2
        for (const cluster of config.static_resources.clusters) {
          if (!/^flight-delay-v[12]/.test(cluster.name)) continue;
          cluster.typed_extension_protocol_options = {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
              explicit_http_config: { http2_protocol_options: {} },
            },
          };
        }
      },
    });
    client = new Client(`127.0.0.1:${stage.envoy.port('edge')}`, credentials.createInsecure());
  });
  afterAll(async () => {
    client.close();
    await stage.stop();
    await tap.close();
    for (const { server } of Object.values(models)) server.forceShutdown();
  });

  function metadata(): Metadata {
    const entries = new Metadata();
    entries.set('x-user-id', 'u');
    return entries;
  }

  function predict(text: string): Promise<{ answer: string | undefined; status: StatusObject }> {
    return new Promise((resolve) => {
      let answer: string | undefined;
      client
        .makeUnaryRequest(PREDICT, bytes.serialize, bytes.deserialize, Buffer.from(text), metadata(), (_, value) => {
          answer = value?.toString();
        })
        .on('status', (end) => resolve({ answer, status: end }));
    });
  }

  /** The pair that `call` makes. */
  async function pairOf<T>(call: () => Promise<T>) {
    const before = (await stage.pairs()).length;
    const result = await call();
    return { result, pair: (await stage.waitForPairs(before + 1)).at(-1) };
  }

  test('a unary call passes with its trailers, is mirrored though nobody says how long it is, and pairs', async () => {
    const { result, pair } = await pairOf(() => predict('hello'));
    expect([result.answer, result.status.code, result.status.metadata.get('x-tokens')]).toEqual(['hello', 0, ['3']]);
    expect(pair).toMatchObject({ sameStatus: true, body: 'same' });
    expect([models.production.seen, models.shadow.seen]).toEqual([['hello '], ['hello shadow-1']]);
    const { production, shadow } = await tap.newest(2);
    for (const entry of [production, shadow]) expect(entry?.response?.responseTrailers).toEqual({ 'grpc-status': '0' });
  });

  test('an error passes as it is, and an error of the shadow is another status though HTTP says 200', async () => {
    models.shadow.failing = true;
    const one = await pairOf(() => predict('a'));
    expect(one.result.answer).toBe('a');
    expect(one.pair).toMatchObject({ sameStatus: false, reference: { status: 200 }, candidate: { status: 200 } });
    models.production.failing = true;
    const both = await pairOf(() => predict('b'));
    expect(both.result.status).toMatchObject({ code: status.INTERNAL, details: 'no model' });
    expect(both.pair).toMatchObject({ sameStatus: true, body: 'same' });
  });

  test('a stream of answers passes message by message and pairs', async () => {
    const answers: string[] = [];
    const generate = () =>
      new Promise<StatusObject>((resolve) =>
        client
          .makeServerStreamRequest(GENERATE, bytes.serialize, bytes.deserialize, Buffer.from('abc'), metadata())
          .on('data', (message: Buffer) => answers.push(message.toString()))
          .on('status', resolve)
          .on('error', () => {}),
      );
    const { result, pair } = await pairOf(generate);
    expect([answers, result.code, result.metadata.get('x-tokens')]).toEqual([['a', 'b', 'c'], 0, ['3']]);
    expect(pair).toMatchObject({ sameStatus: true, body: 'same' });
  });
});

describe('a decide filter that was told to send more than request headers', () => {
  const ALL = {
    request_header_mode: 'SEND',
    request_body_mode: 'STREAMED',
    request_trailer_mode: 'SEND',
    response_header_mode: 'SEND',
    response_body_mode: 'STREAMED',
    response_trailer_mode: 'SEND',
  };
  const asking = (changes: object) =>
    Stage.start({
      rollout: { shadows: [CANDIDATE] },
      // what a user's Envoy may do and the shipped file does not
      envoy: (config) => {
        const { http_filters } = config.static_resources.listeners[0].filter_chains[0].filters[0].typed_config;
        // and with time enough for a busy machine: here it is not about what a slow answer costs
        Object.assign(http_filters[0].typed_config, { message_timeout: '1s' }, changes);
      },
    });
  const body = '{"a":1}';

  test.each<[string, object, number]>([
    ['all phases: the decision ends it, and nothing waits for us again', { processing_mode: ALL }, 1],
    [
      'all but request headers: each is carried on, and nothing is decided',
      { processing_mode: { ...ALL, request_header_mode: 'SKIP', response_body_mode: 'BUFFERED' } },
      0,
    ],
    [
      'all phases to an observer: nothing is answered or decided',
      { processing_mode: ALL, observability_mode: true },
      0,
    ],
  ])('%s', async (_, changes, mirrored) => {
    const stage = await asking(changes);
    onTestFinished(() => stage.stop());
    const answer = await stage.request({ 'x-user-id': 'u' }, body);
    expect([answer.status, answer.version, stage.models.v1.seen.at(-1)?.body]).toEqual([200, '1.0.0', body]);
    const told = async () => (await stage.counters())['decide.streams'] === 1;
    await until(told, { what: 'the stream is counted' });
    const {
      'decide.mirrored': copies = 0,
      'decide.refused': refused,
      'decide.failed': failed,
    } = await stage.counters();
    expect([copies, refused, failed]).toEqual([mirrored, undefined, undefined]);
    const filter = await stage.envoy.stats('ext_proc.decide.(streams_failed|message_timeouts)$');
    expect([...filter.values()]).toEqual([0, 0]);
  });

  // an Envoy in this mode whose stream ends OK after the headers sends the model an empty body
  test('bodies in full duplex is refused: no model ever gets an empty body in place of the user’s', async () => {
    const stage = await asking({ processing_mode: { ...ALL, request_body_mode: 'FULL_DUPLEX_STREAMED' } });
    onTestFinished(() => stage.stop());
    expect((await stage.request({ 'x-user-id': 'u' }, body)).status).toBe(500);
    expect(stage.models.v1.seen).toEqual([]);
    const refused = async () => (await stage.counters())['decide.refused'] === 1;
    await until(refused, { what: 'the refusal is counted' });
  });
});

function captured(entry: HTTPAccessLogEntry | undefined): Record<string, unknown> {
  return entry?.commonProperties?.metadata?.filterMetadata.understudy ?? {};
}

function base64(text: string | Buffer): string {
  return Buffer.from(text).toString('base64');
}

function fail(): never {
  throw new Error('no model');
}
