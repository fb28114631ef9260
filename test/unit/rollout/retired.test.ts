import { expect, test } from 'vitest';
import { retiredVersions } from '../../../src/rollout/retired.ts';

const version = (n: number) => ({ cluster: `ranker-v${n}`, version: `${n}.0.0` });
const present = {
  stable: version(3),
  canary: version(4),
  shadows: [],
  phase: 'baking',
  updatedAtMs: 900,
} as const;

function started(number: number, stable: object, canary: object) {
  return { number, timeMs: number * 100, detail: JSON.stringify({ weightBp: 0, stable, canary }) };
}

const EVENTS = [
  started(5, version(3), version(4)),
  started(3, version(2), version(3)),
  started(1, version(1), version(2)),
];

test('a version is retired when the first release without it began, the last one first', () => {
  expect(retiredVersions(present, EVENTS)).toEqual([
    { ...version(2), retiredAtMs: 500 },
    { ...version(1), retiredAtMs: 300 },
  ]);
});

test('a version that came back in between is retired when it left for the last time', () => {
  const events = [...EVENTS, started(4, version(1), version(3))];
  expect(retiredVersions(present, events)).toEqual([
    { ...version(1), retiredAtMs: 500 },
    { ...version(2), retiredAtMs: 400 },
  ]);
});

test('a cluster that is in use for something else is not to be taken down', () => {
  const shadow = { cluster: 'ranker-v1' } as never;
  expect(retiredVersions({ ...present, shadows: [shadow] }, EVENTS)).toEqual([{ ...version(2), retiredAtMs: 500 }]);
  const again = { cluster: 'ranker-v2', version: '9.0.0' };
  expect(retiredVersions({ ...present, canary: again }, EVENTS).map(({ cluster }) => cluster)).not.toContain(
    'ranker-v2',
  );
});

test('while everybody is on canary stable is still needed; after completion it is not', () => {
  const events = [started(1, version(3), version(4))];
  expect(retiredVersions({ ...present, phase: 'promoted' }, events)).toEqual([]);
  expect(retiredVersions({ ...present, phase: 'completed' }, events)).toEqual([{ ...version(3), retiredAtMs: 900 }]);
});

test('of a rollout that changed a thousand times a bounded number is told', () => {
  const events = Array.from({ length: 1_000 }, (_, n) => started(n + 1, version(n + 10), version(n + 11)));
  const retired = retiredVersions({ ...present, stable: version(1_009), canary: version(1_010) }, events);
  expect(retired).toHaveLength(16);
  expect(retired[0]?.cluster).toBe('ranker-v1008');
});
