import { expect, test } from 'vitest';
import { emptyArm } from '../../../src/evidence/merge.ts';
import type { Cell } from '../../../src/evidence/sums.ts';
import { createLedger } from '../../../src/threads/ledger.ts';

const loopDelay = { p50Ms: 1, p99Ms: 2, maxMs: 3 };

function decided(changes: { counts?: number[]; streamsInFlight?: number } = {}) {
  const { counts = Array(14).fill(0), streamsInFlight = 0 } = changes;
  const times = { counts, sumSeconds: 0.25 };
  return { decisions: [], decided: [], counters: {}, spans: [], times, streamsInFlight, loopDelay };
}

const observed = {
  ...{ counters: {}, pairs: [], answered: [], kept: [], closed: [], open: undefined, loopDelay, delivered: new Map() },
  join: { waitingIds: 0, waitingBytes: 0, maxIds: 0, maxBytes: 0 },
};

function cell(requests: number, release = 'r'): Cell {
  const key = {
    rollout: 'ranker',
    release,
    weightBp: 500,
    arm: 'stable',
    shadow: '',
    segment: '',
    segmentValue: '',
  } as const;
  return { key, arm: { ...emptyArm(), requests } };
}

test('evidence is what closed blocks and the open one hold together, and of no earlier release', () => {
  const ledger = createLedger({ threads: () => [], releaseOf: () => 'r' });
  const id = { sidecar: 's', thread: 't', sequence: 0 };
  const block = (cells: Cell[]) => ({ id, startMs: 0, durationMs: 10_000, cells, seen: [] });
  ledger.addObserve('observe', { ...observed, closed: [block([cell(3), cell(100, 'earlier')])], open: [cell(2)] });
  ledger.addObserve('observe', { ...observed, closed: [block([cell(4)])], open: [cell(1)] });
  ledger.addObserve('observe', observed);
  expect(ledger.evidence().map((seen) => ('arm' in seen ? seen.arm.requests : 0))).toEqual([8]);
});

test('no count falls when the observe thread is started again in the middle of a block', () => {
  const ledger = createLedger({ threads: () => [], releaseOf: () => 'r' });
  const requests = () => ledger.evidence().map((seen) => ('arm' in seen ? seen.arm.requests : 0));
  ledger.addObserve('observe', { ...observed, open: [cell(5)] });
  ledger.observeStarted();
  expect(requests()).toEqual([5]);
  ledger.addObserve('observe', { ...observed, open: [cell(1)] });
  expect(requests()).toEqual([6]);
});

test('decision times of all threads and reports are one sum', () => {
  const ledger = createLedger({ threads: () => [], releaseOf: () => 'r' });
  ledger.addDecide('decide-0', decided({ counts: [1, ...Array(12).fill(0), 5] }));
  ledger.addDecide('decide-1', decided({ counts: [2, ...Array(13).fill(0)] }));
  expect(ledger.decisionTimes()).toEqual({ counts: [3, ...Array(12).fill(0), 5], sumSeconds: 0.5 });
});

test('a cluster was last seen when the last report that names it says so', () => {
  const ledger = createLedger({ threads: () => [], releaseOf: () => 'r' });
  ledger.addObserve('observe', { ...observed, delivered: new Map([['ranker-v1', 5]]) });
  ledger.addObserve('observe', { ...observed, delivered: new Map([['ranker-v2', 9]]) });
  expect(['ranker-v1', 'ranker-v2', 'ranker-v3'].map(ledger.lastDeliveredMs)).toEqual([5, 9, undefined]);
});

test('what a thread holds now is what its last report says', () => {
  const ledger = createLedger({ threads: () => [], releaseOf: () => 'r' });
  ledger.addDecide('decide-0', decided({ streamsInFlight: 7 }));
  ledger.addDecide('decide-0', decided({ streamsInFlight: 2 }));
  const join = { waitingIds: 1, waitingBytes: 2, maxIds: 3, maxBytes: 4 };
  ledger.addObserve('observe', { ...observed, join });
  expect([...ledger.streamsInFlight()]).toEqual([['decide-0', 2]]);
  expect(ledger.join()).toEqual(join);
  expect([...ledger.loopDelays()]).toEqual([
    ['decide-0', loopDelay],
    ['observe', loopDelay],
  ]);
});
