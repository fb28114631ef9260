import { expect, test } from 'vitest';
import { createLedger } from '../../../src/threads/ledger.ts';

const loopDelay = { p50Ms: 1, p99Ms: 2, maxMs: 3 };

function decided(changes: { counts?: number[]; streamsInFlight?: number } = {}) {
  const { counts = Array(14).fill(0), streamsInFlight = 0 } = changes;
  const times = { counts, sumSeconds: 0.25 };
  return { decisions: [], counters: {}, spans: [], times, streamsInFlight, loopDelay };
}

test('decision times of all threads and reports are one sum', () => {
  const ledger = createLedger(() => []);
  ledger.addDecide('decide-0', decided({ counts: [1, ...Array(12).fill(0), 5] }));
  ledger.addDecide('decide-1', decided({ counts: [2, ...Array(13).fill(0)] }));
  expect(ledger.decisionTimes()).toEqual({ counts: [3, ...Array(12).fill(0), 5], sumSeconds: 0.5 });
});

test('what a thread holds now is what its last report says', () => {
  const ledger = createLedger(() => []);
  ledger.addDecide('decide-0', decided({ streamsInFlight: 7 }));
  ledger.addDecide('decide-0', decided({ streamsInFlight: 2 }));
  const join = { waitingIds: 1, waitingBytes: 2, maxIds: 3, maxBytes: 4 };
  ledger.addObserve('observe', { counters: {}, pairs: [], tallies: [], join, loopDelay });
  expect([...ledger.streamsInFlight()]).toEqual([['decide-0', 2]]);
  expect(ledger.join()).toEqual(join);
  expect([...ledger.loopDelays()]).toEqual([
    ['decide-0', loopDelay],
    ['observe', loopDelay],
  ]);
});
