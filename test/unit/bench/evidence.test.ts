/** The fixed part of bench:evidence: draws, rules of others, tables, and some days of each world. */
import { describe, expect, test } from 'vitest';
import { daysOf, EFFECTS, FULL, ROWS, type Row, SHORT } from '../../../bench/evidence/cases.ts';
import { type Day, simulate } from '../../../bench/evidence/day.ts';
import { CLICK_RULES, ERROR_RULES, type Minutes, newMinutes } from '../../../bench/evidence/others.ts';
import { drawBeta, drawBinomial, drawNormal, drawPoisson, newRandom } from '../../../bench/evidence/random.ts';
import { runRows } from '../../../bench/evidence/run.ts';
import { delayOf, firstOf, heldOf, report, time, withReport } from '../../../bench/evidence/tables.ts';
import { newErrors, quantileEdge, shareAbove, TICK_S } from '../../../bench/evidence/world.ts';
import { betaIncomplete, binomialCdf, gammaTail, normalCdf } from '../../../src/evidence/statistics/special.ts';

const DRAWS = 20_000;
/** Kolmogorov's 99.9 % point. */
const MOST = 1.95;

describe('draws', () => {
  test.each([
    [50, 0.05],
    [950, 0.05],
    [30_000, 0.001],
    [50, 0.398],
    [1_000, 0.9],
  ])('%i trials at %f have the binomial law', (n, p) => {
    const random = newRandom(11, n);
    expect(
      distance(
        () => drawBinomial(random, n, p),
        (k) => binomialCdf(k, n, p),
      ),
    ).toBeLessThan(MOST);
  });

  test.each([0.5, 9.9, 10.1, 950])('arrivals with mean %f have the Poisson law', (mean) => {
    const random = newRandom(12, Math.round(mean * 10));
    expect(
      distance(
        () => drawPoisson(random, mean),
        (k) => gammaTail(mean, k + 1),
      ),
    ).toBeLessThan(MOST);
  });

  test('continuous draws have their law', () => {
    const random = newRandom(13);
    expect(distance(() => drawNormal(random), normalCdf)).toBeLessThan(MOST);
    expect(
      distance(
        () => drawBeta(random, 2.64, 50.2),
        (x) => betaIncomplete(x, 2.64, 50.2),
      ),
    ).toBeLessThan(MOST);
  });

  test('the edge of a quantile lies above it by up to one bin', () => {
    const random = newRandom(14);
    const shares = Array.from({ length: 2_000 }, () => shareAbove(quantileEdge(random, 28_500, 0.95, 3), 3));
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    expect(mean).toBeLessThan(0.05);
    expect(mean).toBeGreaterThan(0.05 * 0.9);
  });

  test('bursts come as often and last as long as they should, on each pod at its own time', () => {
    const world = { requestsPerSecond: 100, weight: 500, diurnal: false, onsetS: 0 };
    const next = newErrors(newRandom(15), { ...world, bursts: { perHour: 6, seconds: 60, share: 1 } }, 1);
    const sums = { canary: 0, stable: 0 };
    const ticks = 100 * 360;
    for (let at = 0; at < ticks; at++) {
      const { canary, stable } = next(at * TICK_S, { canary: 1_000, stable: 1_000 });
      sums.canary += canary / 1_000 / ticks;
      sums.stable += stable / 1_000 / ticks;
    }
    // 60 of 660 s, and one in a thousand besides
    expect(sums.stable).toBeCloseTo(60 / 660 + 0.001 * (600 / 660), 2);
    expect(sums.canary).toBeCloseTo(sums.stable, 1);
  });
});

/** Kolmogorov's distance, times the root of the number of draws. */
function distance(draw: () => number, cdf: (x: number) => number): number {
  const sorted = Array.from({ length: DRAWS }, draw).sort((one, other) => one - other);
  let most = 0;
  for (let at = 0; at < DRAWS; at++) {
    if (sorted[at] === sorted[at + 1]) continue;
    most = Math.max(most, Math.abs((at + 1) / DRAWS - cdf(sorted[at] ?? 0)));
  }
  return most * Math.sqrt(DRAWS);
}

describe('rules of others', () => {
  const minutesOf = (count: number, at: (minute: number) => readonly [number, number, number, number]): Minutes => {
    const minutes = newMinutes();
    for (let minute = 0; minute < count; minute++) {
      const [canary, stable, canaryEvents, stableEvents] = at(minute);
      minutes.canary.push(canary);
      minutes.stable.push(stable);
      minutes.canaryEvents.push(canaryEvents);
      minutes.stableEvents.push(stableEvents);
    }
    return minutes;
  };
  const ruled = (start: string, minutes: Minutes) =>
    [...ERROR_RULES, ...CLICK_RULES].find(({ name }) => name.startsWith(start))?.minute(minutes);

  test('Argo with failureLimit 3 takes four failed measurements, in all and not in a row', () => {
    const every = (bad: readonly number[]) =>
      minutesOf(60, (minute) => [300, 5_700, bad.includes(Math.floor(minute / 5)) ? 2 : 0, 6]);
    expect(ruled('Argo Rollouts: errors <= 0.1 %', every([0, 3, 6]))).toBe(-1);
    expect(ruled('Argo Rollouts: errors <= 0.1 %', every([0, 3, 6, 9]))).toBe(50);
  });

  test('Flagger adds up failed checks, and good ones take none away', () => {
    const bad = minutesOf(60, (minute) => [300, 5_700, minute % 3 === 0 ? 1 : 0, 6]);
    expect(ruled('Flagger: success >= 99.9 %', bad)).toBe(28);
    expect(ruled('Flagger: success >= 99 %', bad)).toBe(-1);
  });

  test('Prometheus waits until 15 minutes have gone by since the first broken one', () => {
    const bad = minutesOf(60, () => [300, 5_700, 1, 6]);
    expect(ruled('Prometheus: errors', bad)).toBe(20);
  });

  test('Kayenta says High of a shift, Low of one to the other side, and passes what is alike', () => {
    const shifted = (more: number) =>
      minutesOf(60, (minute) => [1_000, 1_000, 20 + more + (minute % 7), 20 + (minute % 5)]);
    expect(ruled('Kayenta: hourly, 98 %, direction increase', shifted(10))).toBe(60);
    expect(ruled('Kayenta: hourly, 98 %, direction increase', shifted(-10))).toBe(-1);
    expect(ruled('Kayenta: hourly, 98 %, direction either', shifted(-10))).toBe(60);
    expect(ruled('Kayenta: hourly, 98 %, direction either', shifted(-1))).toBe(-1);
  });

  test('one burst on one pod is enough for a test that takes requests for independent', () => {
    const burst = minutesOf(60, (minute) => [300, 5_700, minute === 30 ? 40 : 0, 6]);
    expect(ruled('A sequential test', burst)).toBe(31);
    expect(ruled('A z-test', burst)).toBe(31);
    expect(
      ruled(
        'A z-test',
        minutesOf(60, () => [300, 5_700, 0, 6]),
      ),
    ).toBe(-1);
  });

  test('the literal rule on clicks wants 30 minutes below -2 % of the trailing hour', () => {
    expect(
      ruled(
        'Literal',
        minutesOf(120, () => [300, 5_700, 14, 285]),
      ),
    ).toBe(89);
    expect(
      ruled(
        'Literal',
        minutesOf(120, () => [300, 5_700, 15, 285]),
      ),
    ).toBe(-1);
  });
});

describe('tables', () => {
  test('a bound holds, is broken, or is not shown', () => {
    expect(heldOf(16, 4_000, 0.01)).toMatchObject({ verdict: 'holds' });
    expect(heldOf(16, 4_000, 0.01).upper).toBeCloseTo(0.006_06, 4);
    expect(heldOf(36, 4_000, 0.01).verdict).toBe('not shown');
    expect(heldOf(60, 4_000, 0.01).verdict).toBe('BROKEN');
    expect(heldOf(0, 100, 0.01).verdict).toBe('too few days');
  });

  test('days without an alarm count as infinitely late, days with one before the onset not at all', () => {
    expect(delayOf([60, -1, -300, 120, 180])).toEqual({ days: 5, before: 1, caught: 3, median: 120, p90: Infinity });
  });

  test('times are printed in the unit people use', () => {
    expect([50, 600, 9_000, Infinity].map(time)).toEqual(['50 s', '10 min', '2.5 h', 'more than a day']);
  });

  test('a row whose bound is broken is named, and the text goes between the marks of the document', () => {
    const row = ROWS[0] as Row;
    const day: Day = { ours: { fired: 60 }, others: {}, blockS: 60 };
    const { broken, text } = report(
      [row],
      new Map([[row.id, new Array<Day>(100).fill(day)]]),
      'npm run bench:evidence',
    );
    expect(broken).toHaveLength(1);
    expect(text).toContain('**BROKEN**');
    const document = 'a\n<!-- bench:evidence -->\nold\n<!-- /bench:evidence -->\nb';
    expect(withReport(document, 'new')).toBe('a\n<!-- bench:evidence -->\n\nnew\n\n<!-- /bench:evidence -->\nb');
    expect(() => withReport('a', 'new')).toThrow('expected <!-- bench:evidence -->');
  });

  test('a full run has 4,000 healthy days of each row, but for those that say they have fewer', () => {
    for (const row of ROWS) if (!EFFECTS.includes(row) && row.share === 1) expect(daysOf(row, FULL)).toBe(4_000);
    expect(ROWS.filter((row) => row.share < 1 && !EFFECTS.includes(row)).map(({ id }) => id)).toEqual([
      'aa-users',
      'aa-ladder-bursts',
    ]);
    expect(new Set(ROWS.map(({ id }) => id)).size).toBe(ROWS.length);
  });
});

describe('days', () => {
  const rowOf = (id: string) => ROWS.find((row) => row.id === id) as Row;
  const days = (id: string, count: number) =>
    Array.from({ length: count }, (_, day) => simulate(rowOf(id), 1, day, false));

  test('a day depends on its seed and number only, not on the thread', async () => {
    const row = rowOf('agreement-90');
    const one: Day[] = [];
    await runRows([row], { ...SHORT, effects: 25 }, 3, 2, (_, found) => one.push(...found));
    expect(one).toEqual(Array.from({ length: 25 }, (_, day) => simulate(row, 3, day, false)));
    expect(new Set(one.map(({ ours }) => ours.fired)).size).toBeGreaterThan(1);
  });

  test.each([
    ['aa-errors', 30],
    ['aa-errors-bursts-10', 30],
    ['aa-p95', 30],
    ['aa-clicks', 30],
    ['aa-users-few', 15],
    ['aa-agreement', 30],
    ['aa-ladder', 8],
  ])('of the healthy days of %s no more have an alarm than alpha allows', (id, count) => {
    const row = rowOf(id);
    const fired = firstOf(days(id, count)).filter((second) => second !== -1).length;
    // a second alarm in 30 days would prove more than alpha
    expect(heldOf(fired, count, row.alpha).lower).toBeLessThanOrEqual(row.alpha);
  });

  test('a doubled p95 at 100 requests/s and 5 % is found within 60 s in the median, in blocks of 10 s', () => {
    const { median, caught } = delayOf(firstOf(days('p95-100-eligible', 60)));
    expect(caught).toBe(60);
    expect(median).toBeLessThanOrEqual(60);
  });

  test.each([
    ['errors-3', 25 * 60],
    ['p95-20', 21 * 60],
    ['agreement-95', 120],
    ['limit-errors-3', 20 * 60],
  ])('%s is found within %i s in the median', (id, most) => {
    expect(delayOf(firstOf(days(id, 40))).median).toBeLessThanOrEqual(most);
  });
});
