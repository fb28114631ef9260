import { describe, expect, it } from 'vitest';
import { emptyField } from '../../../../src/evidence/merge.ts';
import type { FieldSums } from '../../../../src/evidence/sums.ts';
import { pairAgreementMethod } from '../../../../src/guards/methods/pair-agreement.ts';
import { pairDifferenceMethod } from '../../../../src/guards/methods/pair-difference.ts';
import { pairDriftMethod } from '../../../../src/guards/methods/pair-drift.ts';
import { pairMissingMethod } from '../../../../src/guards/methods/pair-missing.ts';
import { pairOverlapMethod } from '../../../../src/guards/methods/pair-overlap.ts';
import { pairShiftMethod } from '../../../../src/guards/methods/pair-shift.ts';
import { binomial, chance, firstHarm, guardOf, inputOf, normal, pairOf, repeated, run, valuesOf } from './blocks.ts';

const pairs = (n: number, field: Partial<FieldSums>, weightBp = 0) =>
  inputOf({ subject: 'pairs', pairs: [{ weightBp, pair: pairOf(n, field) }] });
const nothing = () => inputOf({ subject: 'pairs' });

describe('agreement of pairs', () => {
  const what = { metric: 'pair.agreement', field: 'score', net: false } as const;
  const spec = guardOf(what, { kind: 'min', value: 0.98 });
  const agreeing = (random: () => number, share: number) => () =>
    pairs(100, { agreeing: 100 - binomial(random, 100, 1 - share) });

  it('is shown to be too low, or high enough, and neither of nothing', () => {
    expect(firstHarm(pairAgreementMethod, spec, repeated(60, agreeing(chance(1), 0.95)))).toBeLessThan(30);
    const fine = run(pairAgreementMethod, spec, repeated(120, agreeing(chance(2), 0.995)));
    expect(fine).toMatchObject({ shown: 'fine', n: 12_000 });
    expect(fine.lower).toBeGreaterThan(0.98);
    expect(run(pairAgreementMethod, spec, repeated(60, nothing))).toMatchObject({ value: undefined, shown: undefined });
  });

  it('is shown to be too low on hardly any day on which it is what it must be', () => {
    let alarms = 0;
    for (let day = 0; day < 200; day++) {
      if (run(pairAgreementMethod, spec, repeated(60, agreeing(chance(300 + day), 0.98))).shown === 'harm') alarms++;
    }
    expect(alarms).toBeLessThanOrEqual(5);
  });

  it('says how many more pairs it takes, and how long', () => {
    const found = run(pairAgreementMethod, spec, repeated(6, agreeing(chance(3), 0.985)));
    expect(found.shown).toBeUndefined();
    expect(found.needs?.ms).toBeCloseTo(((found.needs?.n ?? 0) / 10) * 1000, -3);
  });

  it('reads the window of a limit', () => {
    expect(pairAgreementMethod.read(spec, { n: 100, events: 2 })).toMatchObject({ broken: false, n: 100 });
    expect(pairAgreementMethod.read(spec, { n: 100, events: 3 })).toEqual({ value: 0.97, broken: true, n: 100 });
  });

  describe('without noise', () => {
    const net = guardOf({ ...what, net: true }, { kind: 'min', value: 0.98 });
    const noisy = (candidateOnly: number, twinOnly: number) => () =>
      pairs(100, {
        agreeing: 50,
        noise: { both: 20, candidateOnly, twinOnly, neither: 80 - candidateOnly - twinOnly },
      });

    it('forgives what the twin disagrees about as often', () => {
      const found = run(pairAgreementMethod, net, repeated(180, noisy(10, 10)));
      expect(found).toMatchObject({ value: 1, shown: 'fine' });
    });

    it('does not forgive what only the candidate disagrees about', () => {
      expect(firstHarm(pairAgreementMethod, net, repeated(60, noisy(20, 10)))).toBeLessThan(20);
      expect(pairAgreementMethod.sums(net, noisy(20, 10)())).toEqual({ n: 100, candidateOnly: 20, twinOnly: 10 });
    });

    it('forgives proven noise that is within the limit', () => {
      const found = run(pairAgreementMethod, net, repeated(360, noisy(2, 1)));
      expect(found.eValue).toBeGreaterThan(100);
      expect(found.shown).toBe('fine');
    });
  });
});

describe('mean difference of pairs', () => {
  const spec = guardOf(
    { metric: 'pair.difference', field: 'score', measure: 'difference' },
    { kind: 'max', value: 0.1 },
  );
  const shifted = (random: () => number, mean: number) => () =>
    pairs(50, {
      measures: new Map([['difference', valuesOf(Array.from({ length: 50 }, () => mean + normal(random)))]]),
      reference: valuesOf(Array.from({ length: 50 }, () => 10)),
    });

  it('is shown to be too large on either side of 0', () => {
    for (const mean of [0.5, -0.5]) {
      const found = run(pairDifferenceMethod, spec, repeated(60, shifted(chance(1), mean)));
      expect(found.shown).toBe('harm');
      expect(found.value).toBeCloseTo(0.5, 1);
      expect(found.lower).toBeLessThan(found.value ?? 0);
    }
  });

  it('is shown to be small after enough pairs', () => {
    const found = run(pairDifferenceMethod, spec, repeated(360, shifted(chance(2), 0)));
    expect(found).toMatchObject({ shown: 'fine', n: 18_000 });
    expect(run(pairDifferenceMethod, spec, repeated(1, shifted(chance(2), 5))).shown).toBeUndefined();
  });

  it('may be said in shares of the reference', () => {
    const relative = guardOf(spec.what, { kind: 'above-stable', relative: 0.01 });
    const found = run(pairDifferenceMethod, relative, repeated(120, shifted(chance(3), 0.5)));
    expect(found.shown).toBe('harm');
    expect(found.value).toBeCloseTo(0.05, 2);
  });

  it('takes values of one pair for one', () => {
    const many = () => pairs(1, { measures: new Map([['difference', valuesOf([1, 2, 1.5, 1.7])]]) });
    expect(run(pairDifferenceMethod, spec, repeated(50, many))).toMatchObject({ n: 50, shown: undefined });
  });

  it('is shown on hardly any day on which it is at its limit', () => {
    let alarms = 0;
    for (let day = 0; day < 60; day++) {
      const found = run(pairDifferenceMethod, spec, repeated(60, shifted(chance(400 + day), 0.1)));
      if (found.shown === 'harm') alarms++;
    }
    expect(alarms).toBeLessThanOrEqual(3);
  });
});

describe('overlap of pairs', () => {
  const spec = guardOf({ metric: 'pair.overlap', field: 'score' }, { kind: 'min', value: 0.8 });
  const lists = (random: () => number, mean: number) => () =>
    pairs(50, {
      measures: new Map([['overlap', valuesOf(Array.from({ length: 50 }, () => mean + 0.2 * random() - 0.1))]]),
    });

  it('is shown to be too small, or large enough', () => {
    expect(run(pairOverlapMethod, spec, repeated(30, lists(chance(1), 0.7))).shown).toBe('harm');
    expect(run(pairOverlapMethod, spec, repeated(60, lists(chance(2), 0.88))).shown).toBe('fine');
    const same = () => pairs(50, { measures: new Map([['overlap', valuesOf(Array(50).fill(1))]]) });
    expect(run(pairOverlapMethod, spec, repeated(3, same))).toMatchObject({ value: 1, shown: 'fine' });
    expect(pairOverlapMethod.read(spec, pairOverlapMethod.sums(spec, lists(chance(3), 0.7)()) ?? {}).broken).toBe(true);
  });
});

describe('missing predictions', () => {
  const limit = guardOf({ metric: 'pair.missing', field: 'score' }, { kind: 'max', value: 0.01 });
  const without = (candidate: number) => () => pairs(100, { missingCandidate: { 'no-field': candidate } });

  it('are shown to be too many, or few enough', () => {
    expect(firstHarm(pairMissingMethod, limit, repeated(60, without(5)))).toBeLessThan(20);
    expect(run(pairMissingMethod, limit, repeated(60, without(0)))).toMatchObject({ shown: 'fine', value: 0 });
  });
});

describe('numbers of both models', () => {
  const both =
    (random: () => number, factor: number, n = 100) =>
    () => {
      const values = Array.from({ length: n }, () => 10 * Math.exp(0.5 * normal(random)));
      return pairs(n, { reference: valuesOf(values), candidate: valuesOf(values.map((value) => value * factor)) });
    };
  const shift = guardOf({ metric: 'pair.shift', field: 'score', quantile: 0.5 }, { kind: 'max', value: 0.1 });
  const drift = (statistic: 'psi' | 'ks') =>
    guardOf({ metric: 'pair.drift', field: 'score', statistic }, { kind: 'max', value: 0.1 }, { evidence: 'none' });

  it('show a shifted median after three windows or when the quantiles leave no doubt', () => {
    const block = firstHarm(pairShiftMethod, shift, repeated(240, both(chance(1), 1.15)));
    expect(block).toBeLessThanOrEqual(180);
    expect(firstHarm(pairShiftMethod, shift, repeated(240, both(chance(2), 1)))).toBeUndefined();
  });

  it('show that a median is where it was', () => {
    const found = run(pairShiftMethod, shift, repeated(240, both(chance(3), 1.001)));
    expect(found).toMatchObject({ shown: 'fine', n: 24_000 });
    expect(found.upper).toBeLessThanOrEqual(0.1);
  });

  it('do not shift a median of few values', () => {
    expect(run(pairShiftMethod, shift, repeated(240, both(chance(4), 1.3, 2)))).toMatchObject({ shown: undefined });
  });

  it('shift a limit where there is nothing but a limit', () => {
    expect(pairShiftMethod.sums(shift, both(chance(5), 1.2)())).toBeUndefined();
    const bare = { ...shift, evidence: 'none' as const };
    const sums = pairShiftMethod.sums(bare, both(chance(5), 1.2)()) ?? {};
    expect(pairShiftMethod.read(bare, sums)).toMatchObject({ broken: true, n: 100 });
    expect(pairShiftMethod.read(bare, sums).value).toBeCloseTo(0.2, 1);
  });

  it.each(['psi', 'ks'] as const)('drift beyond a limit and chance, by %s', (statistic) => {
    const spec = drift(statistic);
    const read = (factor: number, n: number) =>
      pairDriftMethod.read(spec, pairDriftMethod.sums(spec, both(chance(6), factor, n)()) ?? {});
    expect(read(1.4, 2000)).toMatchObject({ broken: true, n: 2000 });
    expect(read(1, 2000)).toMatchObject({ broken: false, n: 2000 });
    expect(read(1.4, 10).broken).toBe(false);
    expect(run(pairDriftMethod, spec, repeated(60, both(chance(7), 1.4)))).toMatchObject({ shown: 'harm' });
    expect(run(pairDriftMethod, spec, repeated(60, both(chance(8), 1)))).toMatchObject({ shown: 'fine' });
    expect(run(pairDriftMethod, spec, repeated(59, both(chance(8), 1))).shown).toBeUndefined();
  });
});

it('fields of other names and kinds do not count', () => {
  const pair = pairOf(10);
  pair.fields.set('other\0class', { ...emptyField('other', 'class'), pairs: 10 });
  const spec = guardOf({ metric: 'pair.agreement', field: 'other', net: false }, { kind: 'min', value: 0.9 });
  const input = inputOf({ subject: 'pairs', pairs: [{ weightBp: 0, pair }] });
  expect(pairAgreementMethod.sums(spec, input)).toEqual({ n: 10, events: 10 });
});
