import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { forgetOutcomes } from '../../../src/outcomes/forget.ts';
import { hashUnit } from '../../../src/routing/unit-hash.ts';
import { checkedOf, exposureOf, HOUR, idOf, snapshot, startOutcomes, T0 } from './stage.ts';

test('what is kept of a unit goes while a sidecar has the file open; what is kept of others stays', () => {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-outcomes-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'outcomes.db');
  expect(forgetOutcomes(path, ['00'])).toBe(0);
  const { store, database } = startOutcomes({ database: path });
  const ana = hashUnit(snapshot.unitKey, { source: 'cookie sid', value: 'ana' });
  const values = { reference: { a: 1 }, candidate: { a: 2 } };
  store.addExposures(
    [exposureOf(1, { unit: ana }), exposureOf(2)],
    [1, 2].map((n) => ({ id: idOf(n), unit: '', candidate: '2', values })),
  );
  store.record([checkedOf({ id: idOf(1) }), checkedOf({ id: idOf(2) })], T0);
  store.record([checkedOf({ rollout: 'ranker', unit: 'ana', timeMs: T0 - HOUR })], T0 - HOUR);
  expect(forgetOutcomes(path, [ana])).toBe(3);
  const left = (table: string) => database.prepare(`SELECT COUNT(*) AS n FROM ${table}`).get()?.n;
  expect(['exposures', 'predictions', 'outcomes'].map(left)).toEqual([1, 1, 1]);
  database.close();
});
