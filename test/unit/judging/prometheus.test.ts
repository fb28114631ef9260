import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { GuardSpec } from '../../../src/guards/spec.ts';
import { askPrometheus, createPrometheusSource, numberIn } from '../../../src/judging/prometheus.ts';

const answerOf = (data: unknown) => JSON.stringify({ status: 'success', data });
const vector = (...values: string[]) => ({
  resultType: 'vector',
  result: values.map((value) => ({ metric: {}, value: [1_700_000_000, value] })),
});

test('an answer is one number, of a vector with one series or of a scalar', () => {
  expect(numberIn(answerOf(vector('0.25')))).toBe(0.25);
  expect(numberIn(answerOf({ resultType: 'scalar', result: [1_700_000_000, '3'] }))).toBe(3);
});

test.each([
  ['nothing at all', answerOf(vector()), 'expected one series, found 0'],
  ['many series', answerOf(vector('1', '2')), 'expected one series, found 2'],
  ['no number', answerOf(vector('NaN')), 'expected a finite number, found NaN'],
  ['a matrix', answerOf({ resultType: 'matrix', result: [] }), 'expected a vector or a scalar, found matrix'],
  ['a page of a proxy', '<html>', 'expected JSON of the Prometheus API'],
])('%s is no answer, and never a 0', (_, text, why) => {
  expect(() => numberIn(text)).toThrow(why);
});

test('a source that answers too much, or with an error, is told apart from one that answers', async () => {
  let reply: (url: string) => readonly [number, string] = () => [200, answerOf(vector('1'))];
  const server = createServer((request, response) => {
    const [status, text] = reply(request.url ?? '');
    response.writeHead(status).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { signal } = new AbortController();
  expect(await askPrometheus(url, signal)).toBe(1);
  reply = () => [400, JSON.stringify({ status: 'error', error: 'parse error' })];
  await expect(askPrometheus(url, signal)).rejects.toThrow('HTTP 400: parse error');
  reply = () => [200, answerOf(vector(...Array(10_000).fill('1')))];
  await expect(askPrometheus(url, signal)).rejects.toThrow('expected one number');
});

function guard(everyMs: number): GuardSpec {
  return {
    ...{ name: 'queue', threshold: { kind: 'max', value: 10 }, forMs: 0, clear: undefined, windowMs: 60_000, minN: 1 },
    ...{
      missing: 'hold',
      evidence: 'none',
      alpha: 0.01,
      warmUpMs: 0,
      action: 'pause',
      promote: 'shown',
      dryRun: false,
      scope: {},
    },
    what: { metric: 'prometheus', url: 'http://metrics:9090/base', query: 'max(queue{a="b"})', everyMs },
  };
}

test('each guard is asked at its own pace, and its newest answer is given once', async () => {
  let nowMs = 0;
  const urls: string[] = [];
  const source = createPrometheusSource({
    rollouts: () => [{ name: 'ranker', guards: [guard(15_000)] }],
    count: () => {},
    log: () => {},
    nowMs: () => nowMs,
    ask: async (url) => urls.push(url),
  });
  for (; nowMs < 30_000; nowMs += 1_000) {
    source.tick();
    await Promise.resolve();
  }
  await new Promise((resolve) => setImmediate(resolve));
  expect(urls).toEqual(Array(2).fill('http://metrics:9090/base/api/v1/query?query=max%28queue%7Ba%3D%22b%22%7D%29'));
  expect(source.samples('ranker')).toEqual({ queue: 2 });
  expect(source.samples('ranker')).toEqual({});
});

test('an outage gives no answer, is counted each time and said once', async () => {
  let nowMs = 0;
  const counted: string[] = [];
  const said: string[] = [];
  const source = createPrometheusSource({
    rollouts: () => [{ name: 'ranker', guards: [guard(1_000)] }],
    count: (name) => counted.push(name),
    log: (line) => said.push(line),
    nowMs: () => nowMs,
    ask: () => Promise.reject(new Error('connect ECONNREFUSED')),
  });
  for (; nowMs < 3_000; nowMs += 1_000) {
    source.tick();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(counted).toEqual(Array(3).fill('prometheus.failed'));
  expect(said).toEqual(['guard queue of ranker has no answer from http://metrics:9090/base: connect ECONNREFUSED']);
  expect(source.samples('ranker')).toEqual({});
});
