import { describe, expect, it } from 'vitest';
import { exposureMethod } from '../../../../src/guards/methods/exposure.ts';
import { noDataMethod } from '../../../../src/guards/methods/no-data.ts';
import { prometheusMethod } from '../../../../src/guards/methods/prometheus.ts';
import { shareSequence } from '../../../../src/guards/methods/share-sequence.ts';
import { srmMethod } from '../../../../src/guards/methods/srm.ts';
import { armOf, binomial, chance, firstHarm, guardOf, inputOf, repeated, run } from './blocks.ts';

describe('the sample ratio', () => {
  const spec = guardOf({ metric: 'srm' }, { kind: 'max', value: 0 }, { alpha: 0.0005 });
  const units =
    (random: () => number, share: number, weightBp = 500) =>
    () => {
      const canary = binomial(random, 1000, share);
      return inputOf({ assigned: [{ weightBp, canary, stable: 1000 - canary }] });
    };

  it('is shown to be broken, and shown as the share of canary', () => {
    const found = run(srmMethod, spec, repeated(60, units(chance(1), 0.06)));
    expect(found.shown).toBe('harm');
    expect(found.value).toBeCloseTo(0.06, 2);
  });

  it('stays what it is while the weight ramps, also when both weights come at a time', () => {
    const random = chance(2);
    const ramp = (block: number) => units(random, block % 2 === 0 ? 0.05 : 0.25, block % 2 === 0 ? 500 : 2500)();
    const found = run(srmMethod, spec, repeated(200, ramp));
    expect(found.shown).toBe('fine');
    expect(run(srmMethod, spec, repeated(60, units(chance(3), 0.05, 2500))).shown).toBe('harm');
  });

  it('agrees with the known answer', () => {
    const input = inputOf({ assigned: [{ weightBp: 500, canary: 5400, stable: 94_600 }] });
    expect(Math.log(run(srmMethod, spec, [input]).eValue ?? 0)).toBeCloseTo(13.73937, 4);
  });

  it('is nothing where units are not split', () => {
    const input = inputOf({ assigned: [{ weightBp: 0, canary: 0, stable: 10 }] });
    expect(run(srmMethod, spec, [input])).toMatchObject({ n: 0, shown: undefined });
  });
});

describe('exposure', () => {
  it('is a limit on what another cluster delivered', () => {
    const spec = guardOf({ metric: 'exposure' }, { kind: 'max', value: 0.01 });
    const at = (elsewhere: number) => () => inputOf({ subject: 'users', delivered: { decisions: 100, elsewhere } });
    expect(firstHarm(exposureMethod, spec, repeated(60, at(5)))).toBeLessThan(20);
    expect(run(exposureMethod, spec, repeated(60, at(0))).shown).toBe('fine');
    expect(exposureMethod.read(spec, exposureMethod.sums(spec, at(5)()) ?? {})).toEqual({
      value: 0.05,
      n: 100,
      broken: true,
    });
  });
});

describe('a metrics source', () => {
  const metric = { metric: 'prometheus', url: 'http://localhost', query: 'up', everyMs: 30_000 } as const;

  it('is held against its threshold on either side', () => {
    for (const [kind, sample] of [
      ['max', 11],
      ['min', 9],
    ] as const) {
      const spec = guardOf(metric, { kind, value: 10 });
      const sums = prometheusMethod.sums(spec, inputOf({ sample })) ?? {};
      expect(prometheusMethod.read(spec, sums)).toEqual({ value: sample, n: 1, broken: true });
    }
  });

  it('that does not answer shows neither harm nor that all is well', () => {
    const spec = guardOf(metric, { kind: 'max', value: 10 });
    expect(prometheusMethod.sums(spec, inputOf())).toBeUndefined();
    expect(prometheusMethod.sums(spec, inputOf({ sample: Number.NaN }))).toBeUndefined();
    expect(
      run(
        prometheusMethod,
        spec,
        repeated(9, () => inputOf()),
      ),
    ).toMatchObject({ value: undefined, shown: undefined });
  });
});

describe('no data', () => {
  const spec = guardOf({ metric: 'no-data' }, { kind: 'max', value: 0 }, { forMs: 60_000 });
  const seen = () => inputOf({ arms: [{ weightBp: 500, canary: armOf(1), stable: undefined }] });

  it('is shown after so long without anything of the canary, and not before', () => {
    expect(run(noDataMethod, spec, [seen(), ...repeated(5, () => inputOf())])).toMatchObject({ shown: undefined });
    const silent = run(noDataMethod, spec, [seen(), ...repeated(6, () => inputOf())]);
    expect(silent).toMatchObject({ shown: 'harm', value: 60_000 });
    expect(run(noDataMethod, spec, [...repeated(9, () => inputOf()), seen()]).shown).toBe('fine');
  });

  it('is what an uncovered block is', () => {
    const inputs = repeated(6, () => ({ ...seen(), covered: false }));
    expect(run(noDataMethod, spec, inputs).shown).toBe('harm');
  });
});

describe('the interval of a share', () => {
  it('holds the share at all looks, but for alpha', () => {
    let outside = 0;
    for (let run = 0; run < 300; run++) {
      const random = chance(run);
      let [n, events, isOut] = [0, 0, false];
      for (let look = 0; look < 40; look++) {
        n += 100;
        events += binomial(random, 100, 0.02);
        const { lower, upper } = shareSequence(events, n, 0.05, 2000);
        isOut ||= lower > 0.02 || upper < 0.02;
      }
      if (isOut) outside++;
    }
    expect(outside).toBeLessThanOrEqual(15);
  });

  it('is what none and all of the trials allow', () => {
    expect(shareSequence(0, 0, 0.05, 1000)).toEqual({ lower: 0, upper: 1 });
    const none = shareSequence(0, 1000, 0.05, 1000);
    const all = shareSequence(1000, 1000, 0.05, 1000);
    expect(none.lower).toBe(0);
    expect(none.upper).toBeLessThan(0.02);
    expect(all.upper).toBe(1);
    expect(all.lower).toBeCloseTo(1 - none.upper, 6);
  });
});
