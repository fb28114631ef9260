import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changesOf } from '../../../src/admin/changes.ts';

const BEFORE = {
  name: 'ranker',
  canary: { cluster: 'ranker-v2', version: '2.0.0' },
  unit: [{ header: 'x-user-id' }],
  stages: [
    { name: 'shadow', weight: '0%' },
    { name: 'five', weight: '5%', hold: { time: '2h' } },
  ],
};

test('each place that is another gets one line, of lists with names by the name', () => {
  const after = {
    name: 'ranker',
    canary: { cluster: 'ranker-v2', version: '2.1.0' },
    unit: [{ header: 'x-session' }],
    stages: [
      { name: 'five', weight: '5%', hold: { time: '3h', pairs: 100 } },
      { name: 'shadow', weight: '0%' },
      { name: 'all', weight: '100%' },
    ],
    capture: { response: '1KiB' },
  };
  expect(changesOf(BEFORE, after)).toEqual([
    'canary.version: "2.0.0" -> "2.1.0"',
    'unit: [{"header":"x-user-id"}] -> [{"header":"x-session"}]',
    'stages[five].hold.time: "2h" -> "3h"',
    'stages[five].hold.pairs: nothing -> 100',
    'stages[all]: nothing -> {"name":"all","weight":"100%"}',
    'stages: order shadow, five -> five, shadow',
    'capture: nothing -> {"response":"1KiB"}',
  ]);
  expect(changesOf(after, { ...after, capture: undefined })).toEqual(['capture: {"response":"1KiB"} -> nothing']);
});

test('no salt and no password is shown, neither alone nor in a map that is new', () => {
  const guards = [{ name: 'ours', metric: 'prometheus', url: 'http://ana:secret-1@metrics/' }];
  const lines = [
    ...changesOf({ ...BEFORE, salt: 'secret-2' }, { ...BEFORE, salt: 'secret-3', guards }),
    ...changesOf({ rollout: 1 }, { rollout: { salt: 'secret-4' } }),
    ...changesOf({ guards }, { guards: [{ ...guards[0], url: 'http://bo:secret-5@metrics/' }] }),
  ];
  expect(lines).toHaveLength(4);
  expect(lines[0]).toBe('salt: another one (not shown)');
  expect(lines.join('\n')).not.toContain('secret');
});

test('a text with a thousand changes has a bounded answer', () => {
  const many = (value: number) => Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`key-${n}`, value]));
  const lines = changesOf(many(1), many(2));
  expect(lines).toHaveLength(201);
  expect(lines.at(-1)).toBe('and 800 more');
  expect(changesOf({ text: 'a' }, { text: 'b'.repeat(10_000) })[0]?.length).toBeLessThan(300);
});

test('any two texts differ in a line exactly when they differ', () => {
  const json = fc.jsonValue({ maxDepth: 3 });
  fc.assert(
    fc.property(json, json, (one, other) => {
      const a = JSON.parse(JSON.stringify(one));
      const b = JSON.parse(JSON.stringify(other));
      expect(changesOf(a, a)).toEqual([]);
      expect(changesOf(a, b).length > 0).toBe(!isDeepStrictEqual(a, b));
    }),
    { examples: [[{}, { toString: [] }]] },
  );
});
