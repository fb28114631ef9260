import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { run } from '../../src/cli/program.ts';
import { Recorder } from '../../src/recording/recorder.ts';
import type { RecordedRow } from '../../src/recording/row.ts';
import type { ReplayReport } from '../../src/replay/replay-report.ts';
import type { FieldReport } from '../../src/report/report.ts';
import { type FakeTerminal, fakeTerminal } from '../unit/cli/fake-terminal.ts';
import { batchOf, countingCodec, idOf, NOON_MS, specOf } from '../unit/recording/recorded.ts';
import { element, field, rowOf } from '../unit/replay/rows.ts';

const ITEMS = ['a', 'b', 'c', 'd'];

/** Row n of a recording: the stable version gave score n and ranked a, b, c, d. */
function recordedRow(n: number, changes: Partial<RecordedRow> = {}): RecordedRow {
  const ranked = ITEMS.map((item) => ({ item, categories: [item < 'c' ? 'x' : 'y'] }));
  return rowOf({
    id: idOf(n),
    timeMs: NOON_MS + n,
    segments: { country: n % 2 === 0 ? 'NZ' : 'IE' },
    fields: JSON.stringify([field('score', 'number', element(n)), field('items', 'ranking', element(ranked))]),
    request: {
      method: 'POST',
      path: '/rank',
      contentType: 'application/json',
      body: JSON.stringify({ n }),
      redacted: false,
    },
    ...changes,
  });
}

interface Candidate {
  readonly url: string;
  /** `n` of each request, as they came. */
  readonly asked: number[];
}

/** Answers score n, in Ireland 10 n, and d, c, b, a; `onAsked` may take its time. */
async function candidate(onAsked: (n: number) => Promise<void> | void = () => {}, status = 200): Promise<Candidate> {
  const asked: number[] = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', async () => {
      const { n } = JSON.parse(body);
      asked.push(n);
      await onAsked(n);
      const items = ITEMS.toReversed().map((item) => ({ id: item, kind: item }));
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ score: n % 2 === 0 ? n : 10 * n, items }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** A folder with a recording of `rows` and a configuration. */
async function stage(rows: readonly RecordedRow[]) {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-replay-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const directory = join(folder, 'recording');
  const count = () => {};
  const recorder = new Recorder(specOf(directory), { codec: countingCodec, count, nowMs: () => NOON_MS });
  recorder.take(batchOf(rows));
  await recorder.stop(5_000);
  const config = join(folder, 'understudy.yaml');
  const prediction = {
    fields: {
      score: { at: '/score', compare: { number: { abs: 0.5 } } },
      items: { at: '/items', compare: { ranking: { k: 4, item: '/id', category: '/kind' } } },
    },
  };
  const rollout = {
    name: 'ranker',
    stable: { cluster: 'v1', version: '1.8.0' },
    canary: { cluster: 'v2', version: '2.0.0' },
    capture: { request: '4KiB', response: '64KiB' },
    prediction,
  };
  writeFileSync(config, stringify({ recording: { directory, requests: true }, rollouts: [rollout] }));
  const inFolder = (name: string) => join(folder, name);
  const replay = async (to: string, args: readonly string[], terminal: FakeTerminal = fakeTerminal()) => {
    const all = ['replay', '--config', config, '--to', to, '--rate', '5000', ...args];
    const code = await run(all, terminal);
    return { code, out: terminal.printed.join(''), errors: terminal.errors.join('') };
  };
  return { replay, inFolder };
}

function fieldsOf(report: ReplayReport): readonly FieldReport[] {
  return report.releases.flatMap(({ shadows }) => shadows).flatMap(({ fields }) => fields);
}

/** Without what is never the same twice: latencies. */
function comparable(report: ReplayReport): unknown {
  const { late: _, ...replay } = report.replay;
  return { replay, coverage: report.coverage, fields: fieldsOf(report) };
}

const rows = (count: number) => Array.from({ length: count }, (_, n) => recordedRow(n + 1));

test('recorded requests are sent again, and the answers compared with the recorded ones', async () => {
  const { url, asked } = await candidate();
  const { replay } = await stage(rows(20));
  const { code, out } = await replay(url, ['--format', 'json']);
  expect(code).toBe(0);
  expect(asked.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  const report: ReplayReport = JSON.parse(out);
  const [score, items] = fieldsOf(report);
  expect(score).toMatchObject({ name: 'score', disagreement: { count: 10, of: 20 } });
  expect(score?.segments[0]).toMatchObject({ segment: 'country', value: 'IE', disagreement: { share: 1 } });
  expect(items).toMatchObject({ name: 'items', disagreement: { count: 0, of: 20 } });
  expect(items?.measures.find(({ measure }) => measure === 'tau')?.mean).toBeCloseTo(-1);
  const diversity = (side: string) => items?.measures.find(({ measure }) => measure === `${side}-diversity`)?.mean;
  expect([diversity('reference'), diversity('candidate')]).toEqual([expect.closeTo(2 / 3), expect.closeTo(1)]);
  expect(report.releases[0]?.shadows[0]).toMatchObject({ shadow: 'replay', referenceVersion: '1.8.0' });
  expect(report.releases[0]?.shadows[0]?.examples.length).toBeGreaterThan(0);
});

test('what cannot be sent is counted by reason and said before anything else', async () => {
  const { url, asked } = await candidate();
  const { request } = recordedRow(0);
  const { replay } = await stage([
    ...rows(3),
    recordedRow(4, { request: undefined }),
    recordedRow(5, { request: undefined }),
    recordedRow(6, { request: request && { ...request, redacted: true } }),
    recordedRow(1, { shadow: 'twin' }),
    recordedRow(7, { rollout: 'other' }),
  ]);
  const { out, errors } = await replay(url, []);
  expect(asked).toHaveLength(3);
  const sentence =
    '4 of 7 recorded rows are not sent: request not recorded, cut off or no text 2, request redacted 1, the same request with another shadow 1';
  expect(errors.split('\n').slice(0, 2)).toEqual([`3 recorded requests go to ${url}/ at 5000 a second`, sentence]);
  expect(out.indexOf(sentence)).toBeGreaterThan(0);
  expect(out.indexOf(sentence)).toBeLessThan(out.indexOf('## '));
  expect(out).toContain("the candidate got no other header of the user's");
});

test('labels give precision of both rankings, and popularity their novelty', async () => {
  const { url } = await candidate();
  const { replay, inFolder } = await stage(rows(4));
  writeFileSync(
    inFolder('labels'),
    [1, 2].map((n) => JSON.stringify({ id: idOf(n), relevant: ['d', 'c'] })).join('\n'),
  );
  writeFileSync(inFolder('popularity'), JSON.stringify({ users: 8, seen: { a: 8, b: 4, c: 2, d: 1 } }));
  const args = ['--labels', inFolder('labels'), '--precision-at', '2', '--popularity', inFolder('popularity')];
  const { out } = await replay(url, args);
  expect(out).toContain('precision@2 of `items`: reference 0 %, candidate 100 %, in 2 labelled rankings');
  // log2(8/8), log2(8/4) and log2(8/2), log2(8/1)
  expect(out).not.toContain('recording.sample');
  expect(out).toContain('novelty of the top 2 of `items`: reference 0.50 bits, candidate 2.50 bits, in 4 rankings');
});

test('a replay that was ended and gone on with equals one in one go, and sends nothing twice', async () => {
  const { replay, inFolder } = await stage(rows(60));
  const whole = await replay((await candidate()).url, ['--format', 'json']);

  const terminal = fakeTerminal();
  const second = await candidate((n) => {
    if (n === 20) terminal.end();
  });
  const args = ['--format', 'json', '--resume', inFolder('state'), '--max-in-flight', '4'];
  const ended = await replay(second.url, args, terminal);
  expect(ended.code).toBe(1);
  expect(ended.errors).toMatch(/ended with \d+ of 60 requests not sent; the same command goes on/);
  expect(JSON.parse(ended.out).headlines[0].text).toMatch(/^it was ended before its end: \d+ rows were not sent$/);
  const before = second.asked.length;
  expect(before).toBeLessThan(60);
  const resumed = await replay(second.url, args);
  expect(resumed.code).toBe(0);
  expect(second.asked.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
  const to = {
    ...JSON.parse(resumed.out),
    replay: { ...JSON.parse(resumed.out).replay, to: JSON.parse(whole.out).replay.to },
  };
  const withoutTo = (report: ReplayReport) => JSON.stringify(comparable(report)).replaceAll(/127\.0\.0\.1:\d+/g, 'to');
  expect(withoutTo(to)).toEqual(withoutTo(JSON.parse(whole.out)));
});

test('the state of another replay, or of a recording that has changed, is refused', async () => {
  const { url } = await candidate();
  const { replay, inFolder } = await stage(rows(3));
  const args = ['--resume', inFolder('state')];
  expect((await replay(url, args)).code).toBe(0);
  const other = await replay(`${url}/elsewhere`, args);
  expect([other.code, other.errors]).toEqual([2, expect.stringContaining('found that of another: to')]);
  const state = JSON.parse(readFileSync(inFolder('state'), 'utf8'));
  writeFileSync(inFolder('state'), JSON.stringify({ ...state, lastId: 'x' }));
  const changed = await replay(url, args);
  expect([changed.code, changed.errors]).toEqual([2, expect.stringContaining('the recording is not as it was')]);
});

test('a candidate that is not there is all mismatches, never a crash', async () => {
  const { replay } = await stage(rows(5));
  const { code, out } = await replay('http://127.0.0.1:1', ['--format', 'json']);
  expect(code).toBe(0);
  const [score] = fieldsOf(JSON.parse(out));
  expect(score).toMatchObject({
    disagreement: { count: 5, of: 5 },
    missing: { candidate: [{ name: 'no-answer', count: 5 }] },
  });
});

test('a request that was refused then is compared too: a candidate that refuses it alike agrees', async () => {
  const { reference } = recordedRow(1);
  const { replay } = await stage([recordedRow(1, { fields: '[]', reference: { ...reference, status: 422 } })]);
  const [alike, other] = [await candidate(() => {}, 422), await candidate()];
  const shadowOf = async (url: string) =>
    JSON.parse((await replay(url, ['--format', 'json'])).out).releases[0].shadows[0];
  expect(await shadowOf(alike.url)).toMatchObject({ pairs: 1, refusedAlike: 1, sameStatus: 1, fields: [] });
  expect(await shadowOf(other.url)).toMatchObject({ pairs: 1, refusedAlike: 0, sameStatus: 0 });
});

test('only the fields that are asked for are compared, and the report goes into a file', async () => {
  const { url } = await candidate();
  const { replay, inFolder } = await stage(rows(2));
  const { out } = await replay(url, ['--field', 'items', '--report', inFolder('report.html')]);
  expect(existsSync(inFolder('report.html'))).toBe(true);
  expect(readFileSync(inFolder('report.html'), 'utf8')).toMatch(/^<!doctype html>/i);
  expect(out).toContain('`items`');
  expect(out).not.toContain('`score`');
});

test.each([
  [['--to', 'ftp://x'], '--to: expected a URL like http://127.0.0.1:8080'],
  [['--field', 'nothing'], '--field: expected one of score, items, found "nothing"'],
  [['--rollout', 'other'], '--rollout: expected one with fields in its `prediction:` (ranker), found "other"'],
  [['--format', 'pdf'], '--format: expected md, html or json, found "pdf"'],
  [['--labels', '/nowhere'], '/nowhere: expected a file that can be read'],
  [['--resume', '/nowhere/state'], '--resume: expected a file that can be written, found /nowhere/state'],
  [['--max-in-flight', '0'], '--max-in-flight: expected a number above 0, at most 10000, found 0'],
  [['--since', 'whenever'], '--since: expected a time ago'],
  [['--since', '2026-03-01'], 'can be sent again for ranker'],
])('what cannot be meant is a sentence and exit code 2: %j', async (args, line) => {
  const { replay } = await stage(rows(1));
  const { code, errors } = await replay('http://127.0.0.1:1', args);
  expect([code, errors]).toEqual([2, expect.stringContaining(line)]);
});
