/** What we write, read by DuckDB, which shares no code with the writer. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { ParquetEncoder } from '../../../src/recording/parquet.ts';
import { Recorder } from '../../../src/recording/recorder.ts';
import type { RecordedRow } from '../../../src/recording/row.ts';
import { ROW_COLUMNS } from '../../../src/recording/row-columns.ts';
import {
  batchOf,
  blockOf,
  cellOf,
  countingCodec,
  HOUR_MS,
  NOON_MS,
  newFolder,
  range,
  rowOf,
  specOf,
} from './recorded.ts';

async function ask(sql: string): Promise<unknown[]> {
  const connection = await (await DuckDBInstance.create()).connect();
  return (await connection.runAndReadAll(sql)).getRowObjectsJson();
}

async function record(rows: readonly RecordedRow[], { compacted }: { compacted: boolean }): Promise<string> {
  const directory = newFolder();
  let nowMs = NOON_MS;
  const recorder = new Recorder(specOf(directory), { codec: countingCodec, count: () => {}, nowMs: () => nowMs });
  for (const from of range(0, 3)) {
    recorder.take(batchOf(rows.filter((_, index) => index % 3 === from)));
    recorder.takeBlock(blockOf(nowMs, [cellOf(5, { segment: 'country', segmentValue: 'NZ' })]), () => {});
    nowMs += 120_000;
    await recorder.work();
  }
  if (compacted) nowMs += HOUR_MS;
  await recorder.work();
  await recorder.stop(1_000);
  return directory;
}

const ROWS = [
  ...range(0, 1_000).map((n) => rowOf(n, { kept: n % 10 === 0, agree: n % 4 !== 0 })),
  rowOf(1_000, {
    shadow: '',
    candidate: undefined,
    sameStatus: undefined,
    body: undefined,
    agree: undefined,
    latencyDifferenceMs: undefined,
    segments: { 'ünï"code': '日本\n' },
    fields: '[{"name":"score"}]',
    traceId: 'abcdef',
    request: {
      method: 'POST',
      path: '/rank?q=1',
      contentType: 'application/json',
      body: '{"a":"日本"}',
      redacted: true,
    },
  }),
];

for (const compacted of [false, true]) {
  const files = compacted ? 'segments' : 'parts';
  test(`${files} are read by DuckDB: every row once, with its types and values`, async () => {
    const directory = await record(ROWS, { compacted });
    const from = `from '${join(directory, 'rows', compacted ? '*[0-9].parquet' : '*.part.parquet')}'`;
    expect(
      await ask(
        `select count(*)::int n, count(distinct id)::int ids, sum(agree::int)::int agree, sum(kept::int)::int kept,
         epoch_ms(min(time))::text since, avg(reference_latency_ms) latency, count(candidate_version)::int candidates ${from}`,
      ),
    ).toEqual([
      { n: 1_001, ids: 1_001, agree: 750, kept: 100, since: String(NOON_MS), latency: 12.5, candidates: 1_000 },
    ]);
    expect(
      await ask(
        `select request_body, request_redacted, segments, fields, agree, candidate_status, trace_id, weight_bp ${from} where shadow = ''`,
      ),
    ).toEqual([
      {
        request_body: '{"a":"日本"}',
        request_redacted: true,
        segments: '{"ünï\\"code":"日本\\n"}',
        fields: '[{"name":"score"}]',
        agree: null,
        candidate_status: null,
        trace_id: 'abcdef',
        weight_bp: 500,
      },
    ]);
  });

  test(`${files} of blocks are read by DuckDB`, async () => {
    const directory = await record(ROWS, { compacted });
    const rows = await ask(
      `select epoch_ms("start")::text since, segment_value, sum(duration_ms) ms, sum((cell->'arm'->>'requests')::int)::int requests
       from '${join(directory, 'blocks', '*.parquet')}' group by all order by 1`,
    );
    expect(rows.map((row) => (row as { requests: number }).requests).reduce((a, b) => a + b)).toBe(15);
    expect(rows).toHaveLength(compacted ? 1 : 3);
  });
}

test('every file says its schema version and its times in its metadata', async () => {
  const directory = await record(ROWS, { compacted: true });
  const facts = await ask(
    `select key::text k, value::text v from parquet_kv_metadata('${join(directory, 'rows', '*.parquet')}') order by 1`,
  );
  expect(Object.fromEntries(facts.map((fact) => Object.values(fact as object)))).toEqual({
    'understudy.schema': '1',
    'understudy.kind': 'rows',
    'understudy.from_ms': String(NOON_MS),
    'understudy.until_ms': String(NOON_MS + 1_000),
  });
});

test('docs/recording.md names every column with its type', async () => {
  const { readFileSync } = await import('node:fs');
  const page = readFileSync(new URL('../../../docs/recording.md', import.meta.url), 'utf8');
  const named = (name: string) => new RegExp(`\`${name.replace(/^(reference|candidate)_/, '…_')}\``).test(page);
  expect(ROW_COLUMNS.map(({ name }) => name).filter((name) => !named(name) && !page.includes(`\`${name}\``))).toEqual(
    [],
  );
});

test('a file without rows is read by DuckDB', async () => {
  const directory = newFolder();
  writeFileSync(
    join(directory, 'empty.parquet'),
    new ParquetEncoder('rows', ROW_COLUMNS).end({ fromMs: 0, untilMs: 0 }),
  );
  expect(await ask(`select count(*)::int n from '${join(directory, 'empty.parquet')}'`)).toEqual([{ n: 0 }]);
});
