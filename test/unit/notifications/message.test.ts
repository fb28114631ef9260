import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs } from '../../../src/notifications/backoff.ts';
import { messageIdOf, messageOf } from '../../../src/notifications/message.ts';
import { kindsOf, wordOf } from '../../../src/notifications/spec.ts';
import { event } from './event.ts';

test('a message says what happened, from where to where, who and why, and which guards failed', () => {
  expect(JSON.parse(messageOf('abc', event()))).toEqual({
    type: 'rollout.phase',
    timestamp: '2023-11-14T22:13:20.000Z',
    data: {
      ...{ event: 7, kind: 'rollback-started', rollout: 'ranker', release: '2.0.0-3fa9c1d2' },
      from: { phase: 'baking', cause: 'plan', stage: 'one', weightBp: 100 },
      to: { phase: 'rolling-back', cause: 'guard', stage: 'one', weightBp: 0 },
      ...{ actor: 'understudy', reason: 'p95 61 ms > 50 ms', revision: 12, specRevision: 3, sidecar: 'abc' },
      guards: [
        {
          ...{ guard: 'p95', segment: '', status: 'fail', subject: 'canary', value: 61, threshold: 50, unit: 'ms' },
          ...{ n: 84_120, eValue: 412, action: 'rollback', dryRun: false, sentence: 'p95 61 ms > 50 ms' },
        },
      ],
    },
  });
});

test('of a changed spec nothing is passed on: addresses, queries and captures stay here', () => {
  const spec = { from: 'secret-a', baseline: { listen: 'secret-b', answer: 'secret-c' }, to: { phase: ['secret-d'] } };
  const text = messageOf('abc', event({ kind: 'spec-changed', detail: JSON.stringify(spec) }));
  expect(text).not.toContain('secret-');
  expect(JSON.parse(text)).toMatchObject({ type: 'rollout.weight', data: { kind: 'spec-changed', to: {} } });
});

test('whatever stands in an event, its message is bounded and can be told', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.json(), fc.json(), (reason, actor, detail, guards) => {
      const message = messageOf('abc', event({ reason, actor, detail, guards }));
      expect(JSON.parse(message).data).toMatchObject({ reason, actor, guards: [] });
    }),
  );
  const row = JSON.parse(event().guards)[0];
  const many = JSON.stringify(Array(1_000).fill(row));
  const message = messageOf('abc', event({ guards: many, reason: 'x'.repeat(1e6) }));
  expect(JSON.parse(message).data.guards).toHaveLength(50);
  expect(message.length).toBeLessThan(50_000);
  expect(JSON.parse(messageOf('abc', event({ guards: 'no JSON', detail: '{' }))).data.guards).toEqual([]);
});

test('the id of a message is that of its event, apart for each sidecar', () => {
  expect(messageIdOf('abc', event())).toBe('abc-7');
  expect(messageIdOf('abd', event())).not.toBe(messageIdOf('abc', event()));
});

test('every kind of event belongs to one word', () => {
  expect(kindsOf(['guard'])).toEqual(['guard-failed', 'guard-cleared']);
  expect(kindsOf(['weight'])).toEqual(['weight-set', 'spec-changed']);
  const all = kindsOf(['phase', 'guard', 'weight']);
  expect(all).toHaveLength(15);
  expect(all.map(wordOf)).not.toContain(undefined);
  expect(kindsOf([])).toEqual([]);
});

test('one waits twice as long after each failure, from 1 s to 5 min', () => {
  expect([1, 2, 3, 8, 9, 1_000].map((failures) => backoffMs(failures, 1) / 1_000)).toEqual([2, 4, 8, 256, 300, 300]);
  expect([1, 1_000].map((failures) => backoffMs(failures, 0) / 1_000)).toEqual([1, 150]);
});
