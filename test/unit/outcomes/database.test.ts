import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openOutcomes } from '../../../src/outcomes/database.ts';
import { inTransaction } from '../../../src/sqlite/transaction.ts';

function folderOf() {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-outcomes-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('the file is private, made with its folder, and keeps its name over restarts', () => {
  const path = join(folderOf(), 'deep', 'outcomes.db');
  const source = () => {
    const database = openOutcomes(path);
    const row = database.prepare('SELECT source FROM self').get();
    database.close();
    return row?.source;
  };
  const first = source();
  expect(first).toMatch(/^[0-9a-f]{16}$/);
  expect(source()).toBe(first);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a file that is none, or of a newer version, is refused and stays as it is', () => {
  const folder = folderOf();
  const other = join(folder, 'other');
  writeFileSync(other, 'not a database, but long enough to be read as the header of one'.repeat(20));
  expect(() => openOutcomes(other)).toThrow(`${other} cannot be opened: file is not a database`);
  const newer = join(folder, 'newer.db');
  const database = openOutcomes(newer);
  database.exec('PRAGMA user_version = 99');
  database.close();
  expect(() => openOutcomes(newer)).toThrow(`${newer} was written by a newer version of Understudy; run that one`);
});

test('work that fails leaves nothing behind', () => {
  const database = openOutcomes(':memory:');
  const add = () => database.exec("INSERT INTO releases (rollout, release) VALUES ('a', 'b')");
  const fail = () => {
    add();
    throw new Error('full');
  };
  expect(() => inTransaction(database, fail)).toThrow('full');
  expect(database.prepare('SELECT COUNT(*) AS n FROM releases').get()).toMatchObject({ n: 0 });
});
