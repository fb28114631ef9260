import { describe, expect, it } from 'vitest';
import { latencyMethod } from '../../../../src/guards/methods/latency.ts';
import { armOf, chance, firstHarm, guardOf, inputOf, repeated, run, timesOf } from './blocks.ts';

const what = { metric: 'latency', quantile: 0.95 } as const;
const limit = guardOf(what, { kind: 'max', value: 50 });
const versus = guardOf(what, { kind: 'above-stable', relative: 0 });

function users(random: () => number, n: number, scale: number, over: readonly number[] = [50]) {
  return () =>
    inputOf({
      subject: 'users',
      arms: [{ weightBp: 500, canary: armOf(n, 0, timesOf(random, n, scale), over), stable: undefined }],
    });
}

function both(random: () => number, scale: number, slow = 1) {
  return () =>
    inputOf({
      arms: [
        {
          weightBp: 500,
          canary: armOf(50, 0, timesOf(random, 50, scale * slow)),
          stable: armOf(200, 0, timesOf(random, 200, slow)),
        },
      ],
    });
}

describe('latency against a limit', () => {
  it('is shown to be above it within minutes, and shows the quantile in ms', () => {
    const block = firstHarm(latencyMethod, limit, repeated(90, users(chance(1), 100, 1.3)));
    expect(block).toBeLessThan(60);
    const found = run(latencyMethod, limit, repeated(60, users(chance(1), 100, 1.3)));
    expect(found.value).toBeGreaterThan(52);
    expect(found.value).toBeLessThan(66);
    expect(found.lower).toBeLessThan(found.value ?? 0);
    expect(found.upper).toBeGreaterThan(found.value ?? 0);
  });

  it('is shown to be below it after enough requests', () => {
    const found = run(latencyMethod, limit, repeated(60, users(chance(2), 200, 0.7)));
    expect(found.shown).toBe('fine');
  });

  it('is judged by exact counters, which no edge of a bin blurs', () => {
    // all in the bin of 50 ms, none above
    const times = Array.from({ length: 100 }, () => 49.9);
    const input = (over: readonly number[]) =>
      inputOf({ subject: 'users', arms: [{ weightBp: 500, canary: armOf(100, 0, times, over), stable: undefined }] });
    expect(
      run(
        latencyMethod,
        limit,
        repeated(60, () => input([50])),
      ),
    ).toMatchObject({ shown: 'fine' });
    // 50 ms is where 49.9 and 50.3 cannot be told apart without a counter
    const mixed = [...times, 50.3];
    const blurred = inputOf({
      subject: 'users',
      arms: [{ weightBp: 500, canary: armOf(101, 0, mixed), stable: undefined }],
    });
    const found = run(
      latencyMethod,
      limit,
      repeated(60, () => blurred),
    );
    expect(found.shown).toBeUndefined();
  });

  it('breaks the limit of a window exactly when more than 5 % are above', () => {
    const times = (above: number) => [...Array(200 - above).fill(10), ...Array(above).fill(60)] as number[];
    const read = (above: number) => {
      const arms = [{ weightBp: 500, canary: armOf(200, 0, times(above), [50]), stable: undefined }];
      const sums = latencyMethod.sums(limit, inputOf({ subject: 'users', arms }));
      return latencyMethod.read(limit, sums ?? {});
    };
    expect(read(10)).toMatchObject({ broken: false, n: 200 });
    expect(read(11).broken).toBe(true);
    expect(read(11).value).toBeCloseTo(60, 0);
  });

  it('takes a request without an answer as slower than any', () => {
    const arms = [{ weightBp: 500, canary: armOf(100, 20, timesOf(chance(3), 80, 0.3), [50]), stable: undefined }];
    const found = run(
      latencyMethod,
      limit,
      repeated(30, () => inputOf({ subject: 'users', arms })),
    );
    expect(found).toMatchObject({ shown: 'harm', n: 3000 });
  });

  it('says nothing without traffic', () => {
    const found = run(
      latencyMethod,
      limit,
      repeated(60, () => inputOf({ subject: 'users' })),
    );
    expect(found).toMatchObject({ value: undefined, n: 0, shown: undefined });
  });
});

describe('latency against stable', () => {
  it('is shown to be worse when it doubles', () => {
    const block = firstHarm(latencyMethod, versus, repeated(150, both(chance(4), 2)));
    expect(block).toBeLessThan(90);
  });

  it('is not shown to be worse when both arms slow down', () => {
    const random = chance(5);
    const inputs = repeated(240, (block) => both(random, 1, block < 120 ? 1 : 2)());
    expect(firstHarm(latencyMethod, versus, inputs)).toBeUndefined();
  });

  it('is not shown to be worse on healthy days, though quantiles come from sketches', () => {
    let alarms = 0;
    for (let day = 0; day < 25; day++) {
      const inputs = repeated(120, both(chance(200 + day), 1));
      if (run(latencyMethod, versus, inputs).shown === 'harm') alarms++;
    }
    expect(alarms).toBeLessThanOrEqual(1);
  });

  it('allows what the margin allows, and shows what is within it', () => {
    const spec = guardOf(what, { kind: 'above-stable', relative: 0.5 });
    const found = run(latencyMethod, spec, repeated(330, both(chance(6), 1.1)));
    expect(found.shown).toBe('fine');
    expect(found.value).toBeCloseTo(0.1, 1);
  });

  it('takes the block score for the median', () => {
    const spec = guardOf({ metric: 'latency', quantile: 0.5 }, { kind: 'above-stable', relative: 0 });
    expect(run(latencyMethod, spec, repeated(240, both(chance(7), 1.3)))).toMatchObject({ shown: 'harm' });
    expect(run(latencyMethod, spec, repeated(240, both(chance(8), 1))).shown).not.toBe('harm');
  });

  it('compares inside each weight when it reads the window of a limit', () => {
    const spec = guardOf(what, { kind: 'above-stable', relative: 0.1 });
    const random = chance(9);
    const at = (weightBp: number, n: number, slow: number) => ({
      weightBp,
      canary: armOf(n, 0, timesOf(random, n, slow)),
      stable: armOf(1000 - n, 0, timesOf(random, 1000 - n, slow)),
    });
    const sums = latencyMethod.sums(spec, inputOf({ arms: [at(100, 400, 1), at(2500, 900, 3)] }));
    expect(Math.abs(latencyMethod.read(spec, sums ?? {}).value ?? 1)).toBeLessThan(0.2);
  });
});

describe('feature fetches', () => {
  it('are judged by their own times, and an answer without one is no slow one', () => {
    const spec = guardOf({ metric: 'feature-fetch', quantile: 0.95 }, { kind: 'max', value: 50 });
    const arms = [{ weightBp: 500, canary: armOf(100, 0, Array(50).fill(80), [50]), stable: undefined }];
    const found = run(
      latencyMethod,
      spec,
      repeated(12, () => inputOf({ subject: 'users', arms })),
    );
    expect(found).toMatchObject({ shown: 'harm', n: 600 });
  });
});
