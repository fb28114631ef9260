import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/routing/decide.ts';
import type { Reached, Rule } from '../../../src/routing/snapshot.ts';
import { baseWeight, effectiveWeight } from '../../../src/routing/weight.ts';
import { compiled, facts } from './rollout.ts';

const city: Reached = { weightBp: 500, scope: { country: ['NZ'] } };
const one: Reached = { weightBp: 100, scope: {} };
const five: Reached = { weightBp: 500, scope: {} };

describe('the base weight', () => {
  test('is what a person set, whatever stages were reached', () => {
    expect(baseWeight({ weightBp: 0, reached: [five] }, {})).toBe(0);
  });

  test('is else the highest of the stages reached whose scope the request is in, also where a later one is lower', () => {
    const reached = [city, one];
    expect(baseWeight({ weightBp: undefined, reached }, { country: 'NZ' })).toBe(500);
    expect(baseWeight({ weightBp: undefined, reached }, { country: 'FR' })).toBe(100);
    expect(baseWeight({ weightBp: undefined, reached: [city] }, { country: 'NZ' })).toBe(500);
    expect(baseWeight({ weightBp: undefined, reached: [city] }, { country: 'FR' })).toBe(0);
    expect(baseWeight({ weightBp: undefined, reached: [city] }, {})).toBe(0);
  });

  test('is 0 before any stage', () => {
    expect(baseWeight({ weightBp: undefined, reached: [] }, {})).toBe(0);
  });
});

test('a rule raises a weight above 0 and does nothing else', () => {
  expect([effectiveWeight(0, 5_000), effectiveWeight(100, 5_000), effectiveWeight(9_000, 5_000)]).toEqual([
    0, 5_000, 9_000,
  ]);
});

/** What may happen to a release, short of rollback, abort and a lower weight: the weight rises, rules stay. */
const rules: Rule[] = [
  { when: { segment: { country: { anyOf: ['NZ', 'IE'] } } }, weightBp: 2_000 },
  { when: { header: { 'x-canary': { exact: 'always' } } }, arm: 'canary' },
];
const person = fc.record({
  user: fc.string({ minLength: 1 }),
  country: fc.constantFrom('NZ', 'IE', 'FR', ''),
  forced: fc.boolean(),
});

function armOf(weightBp: number, { user, country, forced }: { user: string; country: string; forced: boolean }) {
  const headers = { 'x-user-id': user, 'x-geo-country': country, ...(forced ? { 'x-canary': 'always' } : {}) };
  return decide(compiled({ weightBp, rules }), facts(headers))?.arm;
}

test('over any history without rollback, abort or a lower weight no unit moves back', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 2 }), person, (weights, who) => {
      const arms = weights.sort((a, b) => a - b).map((weightBp) => armOf(weightBp, who));
      const first = arms.indexOf('canary');
      expect(first === -1 || arms.slice(first).every((arm) => arm === 'canary')).toBe(true);
    }),
  );
});

test.each(['rolling-back', 'rolled-back'] as const)(
  'in phase %s no rule, header or segment reaches the canary',
  (phase) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), person, (weightBp, { user, country, forced }) => {
        const headers = { 'x-user-id': user, 'x-geo-country': country, ...(forced ? { 'x-canary': 'always' } : {}) };
        const decision = decide(compiled({ phase, weightBp, rules }), facts(headers));
        expect(decision).toMatchObject({ arm: 'stable', reason: 'kill-switch', weightBp: 0 });
        // the shadow goes on, so that the cause can be seen
        expect(decision?.mirrors.map(({ shadow }) => shadow.name)).toEqual(['candidate', 'twin']);
      }),
    );
  },
);

test("over any stages that are reached one after the other nobody's base weight goes down, in whichever segment", () => {
  const scope = fc.constantFrom(
    {},
    { country: ['NZ'] },
    { country: ['NZ', 'IE'] },
    { tier: ['gold'], country: ['IE'] },
  );
  const reached = fc.array(fc.record({ weightBp: fc.integer({ min: 0, max: 10_000 }), scope }), { maxLength: 8 });
  const country = fc.constantFrom('NZ', 'IE', 'FR');
  const segments = fc.record({ country, tier: fc.constant('gold') }, { requiredKeys: [] });
  fc.assert(
    fc.property(reached as fc.Arbitrary<Reached[]>, segments, (stages, who) => {
      const weights = stages.map((_, i) => baseWeight({ weightBp: undefined, reached: stages.slice(0, i + 1) }, who));
      expect(weights).toEqual([...weights].sort((a, b) => a - b));
    }),
  );
});
