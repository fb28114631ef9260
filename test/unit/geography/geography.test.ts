import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../../../rig/until.ts';
import { openGeography } from '../../../src/geography/geography.ts';
import { createLookUp, type Database } from '../../../src/geography/look-up.ts';
import { bytesOf, place } from './databases.ts';

const ADDRESS = '81.2.69.142';
const databaseOf = (country: string) => bytesOf({ '81.2.69.0/24': place('EU', country, 'X', 'Y') });

function tempFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-geography-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'city.mmdb');
}

/** Opened from a file that says GB, with what was reloaded and what failed since. */
async function opened() {
  const file = tempFile();
  writeFileSync(file, databaseOf('GB'));
  const reloads: Database[] = [];
  const failures: string[] = [];
  const geography = await openGeography(file, {
    onReload: (database) => reloads.push(database),
    onReloadFailure: (reason) => failures.push(reason),
    lookEveryMs: 5,
  });
  onTestFinished(() => geography.stop());
  const says = (country: string) =>
    until(() => geography.lookUp(ADDRESS, 'country') === country, { what: `the database says ${country}` });
  return { file, geography, reloads, failures, says };
}

test('the file is read once at start, into bytes that threads can share', async () => {
  const { geography, reloads } = await opened();
  expect(geography.lookUp(ADDRESS, 'country')).toBe('GB');
  expect(geography.database).toBeInstanceOf(SharedArrayBuffer);
  expect(createLookUp(geography.database)(ADDRESS, 'country')).toBe('GB');
  expect(reloads).toEqual([]);
});

test('a file that is missing, a folder or no database refuses to open, naming the file and the reason', async () => {
  const ports = { onReload() {}, onReloadFailure() {} };
  const file = tempFile();
  await expect(openGeography(file, ports)).rejects.toThrow(`geoip.database ${file}: ENOENT`);
  await expect(openGeography(tmpdir(), ports)).rejects.toThrow(`geoip.database ${tmpdir()}: EISDIR`);
  writeFileSync(file, 'not a database');
  await expect(openGeography(file, ports)).rejects.toThrow(`geoip.database ${file}: it has no MaxMind metadata`);
});

test('another file renamed into its place is read, and told', async () => {
  const { file, says, reloads, geography, failures } = await opened();
  writeFileSync(`${file}.new`, databaseOf('NZ'));
  renameSync(`${file}.new`, file);
  await says('NZ');
  expect(reloads).toEqual([geography.database]);
  expect(failures).toEqual([]);
});

test('a file that is overwritten is read, again and again', async () => {
  const { file, says, reloads } = await opened();
  for (const country of ['NZ', 'CHE', 'IE']) {
    writeFileSync(file, databaseOf(country));
    await says(country);
  }
  expect(reloads).toHaveLength(3);
});

test('a file that is being written is not read before it is whole', async () => {
  const { file, says, reloads, failures } = await opened();
  writeFileSync(file, '');
  for (const byte of databaseOf('NZ')) {
    appendFileSync(file, Buffer.of(byte));
    await setImmediate();
  }
  await says('NZ');
  expect([reloads.length, failures]).toEqual([1, []]);
});

test('a broken file later is told once and changes nothing, until a good one comes', async () => {
  const { file, says, failures, geography, reloads } = await opened();
  const before = geography.database;
  writeFileSync(file, 'broken');
  await until(() => failures.length > 0, { what: 'the failure is told' });
  expect(geography.database).toBe(before);
  await says('GB');
  rmSync(file);
  await until(() => failures.length > 1, { what: 'the missing file is told' });
  writeFileSync(file, databaseOf('NZ'));
  await says('NZ');
  expect(failures).toEqual([expect.stringContaining('it has no MaxMind metadata'), expect.stringContaining('ENOENT')]);
  expect(reloads).toHaveLength(1);
});

test('after stop nobody looks at the file', async () => {
  const { file, geography, reloads } = await opened();
  geography.stop();
  const other = await openGeography(file, { onReload: () => others++, onReloadFailure() {}, lookEveryMs: 5 });
  onTestFinished(() => other.stop());
  let others = 0;
  for (const country of ['NZ', 'CHE']) {
    writeFileSync(file, databaseOf(country));
    await until(() => other.lookUp(ADDRESS, 'country') === country, { what: `the other one reads ${country}` });
  }
  expect([others, reloads.length]).toEqual([2, 0]);
});
