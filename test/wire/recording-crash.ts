/** Kills a process that records, again and again in one folder, and looks at what is left. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, onTestFinished } from 'vitest';
import { startChild } from '../../rig/child.ts';
import { cellFromJson } from '../../src/evidence/serialize.ts';
import { readBlocks, readRows } from '../../src/recording/reader.ts';

/** Numbers of one life of the recorder begin so far after those of the one before. */
const LIFE = 1_000_000;
const DAY_MS = 86_400_000;
const CHILD = new URL('./recording-child.ts', import.meta.url).pathname;

/** After each kill: every row and block that was said to be safe is there, none is there twice, every file is readable. */
export async function killedRecordersLoseNothing(kills: number, seed: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'recording-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const lives: { readonly rows: number; readonly blocks: number }[] = [];
  let random = seed;
  for (let life = 0; life < kills; life++) {
    random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
    // some hours of parts; each hour has about 150 operations
    const dieAt = 1 + ((random >>> 8) % 600);
    const startMs = Date.UTC(2026, 0, 1) + life * DAY_MS;
    const child = await startChild(process.execPath, [CHILD, directory, ...[life * LIFE, startMs, dieAt].map(String)]);
    onTestFinished(() => child.stop());
    expect(await child.exited, child.log()).toMatchObject({ signal: 'SIGKILL' });
    lives.push(safe(child.log()));
    await check(directory, lives);
  }
}

function safe(log: string): { rows: number; blocks: number } {
  const [, rows = '0', blocks = '0'] = [...log.matchAll(/^safe (\d+) (\d+)$/gm)].at(-1) ?? [];
  return { rows: Number(rows), blocks: Number(blocks) };
}

async function check(directory: string, lives: readonly { readonly rows: number; readonly blocks: number }[]) {
  const all = { sinceMs: 0, untilMs: Number.POSITIVE_INFINITY, onUnreadable: (path: string) => expect.fail(path) };
  const numbers: number[] = [];
  for await (const { id } of readRows(directory, all)) numbers.push(Number.parseInt(id, 16));
  const blocks = new Map<number, number>();
  for await (const { cell } of readBlocks(directory, all, { cellFromJson })) {
    const number = Number(cell.key.segmentValue);
    blocks.set(number, (blocks.get(number) ?? 0) + ('arm' in cell && 'requests' in cell.arm ? cell.arm.requests : 0));
  }
  const rows = new Set(numbers);
  expect(rows.size, 'no row twice').toBe(numbers.length);
  expect(
    [...blocks.values()].filter((requests) => requests !== 1),
    'no block twice',
  ).toEqual([]);
  for (const [life, said] of lives.entries()) {
    for (let n = 0; n < said.rows; n++) if (!rows.has(life * LIFE + n)) expect.fail(`row ${n} of life ${life} is lost`);
    for (let n = 0; n < said.blocks; n++)
      if (!blocks.has(life * LIFE + n)) expect.fail(`block ${n} of life ${life} is lost`);
  }
  const connection = await (await DuckDBInstance.create()).connect();
  for (const kind of ['rows', 'blocks']) {
    const files = readdirSync(join(directory, kind)).filter((name) => name.endsWith('.parquet'));
    if (files.length === 0) continue;
    // every complete file, those that a segment covers too
    await connection.run(`select * from read_parquet('${join(directory, kind, '*.parquet')}')`);
  }
  connection.closeSync();
}
