import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchFile } from '../../../src/config/watch.ts';

let folder: string;
let file: string;
let changes: number;
let unwatch: () => void;

function watch(path: string): void {
  changes = 0;
  unwatch = watchFile(path, () => changes++, 500);
}

beforeEach(() => {
  vi.useFakeTimers();
  folder = mkdtempSync(join(tmpdir(), 'understudy-watch-'));
  file = join(folder, 'understudy.yaml');
  writeFileSync(file, 'one');
});
afterEach(() => {
  unwatch();
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

test('a file that stays as it is, is not told of', () => {
  watch(file);
  vi.advanceTimersByTime(5_000);
  expect(changes).toBe(0);
});

test('a file written in place is told of once, when it has stood still', () => {
  watch(file);
  for (const text of ['t', 'tw', 'two']) {
    writeFileSync(file, text);
    vi.advanceTimersByTime(500);
    expect(changes).toBe(0);
  }
  vi.advanceTimersByTime(500);
  expect(changes).toBe(1);
  vi.advanceTimersByTime(5_000);
  expect(changes).toBe(1);
});

test('a file put in place of another is told of, also with the same size and time', () => {
  const beside = join(folder, 'beside');
  writeFileSync(beside, 'two');
  for (const path of [file, beside]) utimesSync(path, 1, 1);
  watch(file);
  renameSync(beside, file);
  vi.advanceTimersByTime(1_000);
  expect(changes).toBe(1);
});

test('a link that is swapped on the way to the file is told of, as Kubernetes mounts a ConfigMap', () => {
  for (const [version, text] of Object.entries({ v1: 'one', v2: 'two' })) {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, 'mounted.yaml'), text);
  }
  symlinkSync('v1', join(folder, '..data'));
  symlinkSync(join('..data', 'mounted.yaml'), join(folder, 'mounted.yaml'));
  watch(join(folder, 'mounted.yaml'));
  symlinkSync('v2', join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  vi.advanceTimersByTime(1_000);
  expect(changes).toBe(1);
});

test('a file that is gone is told of, and told of again when it is back', () => {
  watch(file);
  rmSync(file);
  vi.advanceTimersByTime(1_000);
  expect(changes).toBe(1);
  writeFileSync(file, 'two');
  vi.advanceTimersByTime(1_000);
  expect(changes).toBe(2);
});

test('nothing is told after the end', () => {
  watch(file);
  unwatch();
  writeFileSync(file, 'two');
  vi.advanceTimersByTime(5_000);
  expect(changes).toBe(0);
});
