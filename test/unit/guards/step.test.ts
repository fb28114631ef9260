import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Finding, GuardMethod } from '../../../src/guards/input.ts';
import { errorRateMethod } from '../../../src/guards/methods/error-rate.ts';
import type { SeenBlock } from '../../../src/guards/state.ts';
import { MAX_EACH, newState, step } from '../../../src/guards/step.ts';
import { armCell, countingMethod, guardOf, judgedOf, only, pairCell, run, seenOf, times } from './stage.ts';

const GOOD = seenOf([armCell(100, 0)]);
const BAD = seenOf([armCell(100, 20)]);
const SILENT = seenOf([]);

function saying(finding: Partial<Finding>) {
  return () => countingMethod(() => finding);
}

describe('no data', () => {
  test('is no pass and no fail: it holds, and after 5 min is said', () => {
    const judged = judgedOf([guardOf()]);
    expect(only(run(judged, [GOOD])).status).toBe('pass');
    expect(only(run(judged, [GOOD, ...times(29, SILENT)])).status).toBe('hold');
    const verdict = only(run(judged, [GOOD, ...times(30, SILENT)]));
    expect(verdict.status).toBe('no-data');
    expect(verdict.sentence).toBe('no traffic of those on trial for 5 min');
  });

  test('never promotes: without any traffic from the start nothing passes', () => {
    const guards = [
      guardOf(),
      guardOf({ name: 'e', evidence: 'e-value', threshold: { kind: 'above-stable', points: 0.01 } }),
    ];
    for (const blocks of [1, 29, 30, 300]) {
      for (const { status } of run(judgedOf(guards), times(blocks, SILENT)).verdicts) {
        expect(status).toBe(blocks < 30 ? 'hold' : 'no-data');
      }
    }
  });

  test('never rolls back: a breach that was counted is not completed by silence, whatever the window', () => {
    const judged = judgedOf([guardOf({ forMs: 60_000, windowMs: 600_000 })]);
    for (let silent = 0; silent < 100; silent++) {
      expect(only(run(judged, [BAD, BAD, ...times(silent, SILENT)])).status).not.toBe('fail');
    }
  });

  test('zero errors in traffic are data: the guard passes', () => {
    const verdict = only(run(judgedOf([guardOf()]), times(40, GOOD)));
    expect([verdict.status, verdict.value, verdict.n]).toEqual(['pass', 0, 100]);
  });

  test('only of the canary is silence too, whatever stable does', () => {
    const stable = seenOf([armCell(10_000, 0, { arm: 'stable' })]);
    const judged = judgedOf([guardOf({ what: { metric: 'no-data' }, forMs: 60_000, action: 'pause' })]);
    expect(only(run(judged, [GOOD])).status).toBe('pass');
    expect(only(run(judged, times(5, stable))).status).toBe('hold');
    const verdict = only(run(judged, times(6, stable)));
    expect([verdict.status, verdict.sentence]).toEqual(['no-data', 'no traffic on canary for 1 min']);
  });

  test('blocks that are not covered are not looked at, and are said', () => {
    const judged = judgedOf([guardOf()]);
    expect(only(run(judged, [GOOD, { ...BAD, covered: false }])).status).not.toBe('fail');
    const verdict = only(run(judged, times(30, { ...BAD, covered: false })));
    expect([verdict.status, verdict.sentence.slice(0, 21)]).toEqual(['no-data', 'not covered for 5 min']);
  });

  test('`for` counts covered blocks only', () => {
    const judged = judgedOf([guardOf({ forMs: 40_000 })]);
    const gap = { ...BAD, covered: false };
    expect(only(run(judged, [BAD, BAD, gap, gap, BAD])).status).toBe('hold');
    expect(only(run(judged, [BAD, BAD, gap, gap, BAD, BAD])).status).toBe('fail');
  });
});

describe('a metrics source', () => {
  const prometheus = { metric: 'prometheus', url: 'http://p', query: 'up', everyMs: 60_000 } as const;
  const guard = guardOf({
    name: 'cost',
    what: prometheus,
    threshold: { kind: 'max', value: 5 },
    windowMs: 60_000,
    forMs: 120_000,
  });
  const answered = (sample: number) => [seenOf([], { samples: { cost: sample } }), ...times(5, SILENT)];

  test('asked once a minute breaks a limit of two minutes in two', () => {
    expect(only(run(judgedOf([guard]), answered(9))).status).toBe('hold');
    expect(only(run(judgedOf([guard]), [...answered(9), ...answered(9)])).status).toBe('fail');
    expect(only(run(judgedOf([guard]), [...answered(1), ...answered(1)])).status).toBe('pass');
  });

  test.each(['hold', 'breach', 'ignore'] as const)(
    'that is gone never fails and never passes (missing: %s)',
    (missing) => {
      const judged = judgedOf([{ ...guard, missing }]);
      for (const last of [1, 9]) {
        const statuses = [];
        for (let silent = 30; silent < 90; silent += 6) {
          statuses.push(only(run(judged, [...answered(last), ...times(silent, SILENT)])).status);
        }
        expect(statuses).not.toContain('fail');
        expect(statuses).not.toContain('pass');
        expect(statuses.at(-1)).toBe(missing === 'ignore' ? 'not-applicable' : 'no-data');
      }
    },
  );

  test('only has a limit, also where evidence is asked for', () => {
    const blocks = [...answered(9), ...answered(9)];
    expect(only(run(judgedOf([{ ...guard, evidence: 'e-value' }]), blocks)).status).toBe('fail');
  });

  test('that answers NaN has not answered', () => {
    expect(only(run(judgedOf([guard]), times(40, seenOf([], { samples: { cost: NaN } })))).status).toBe('no-data');
  });
});

describe('evidence', () => {
  const guard = guardOf({ evidence: 'e-value', threshold: { kind: 'above-stable', relative: 0.1 } });

  test('that is not enough holds: neither pass nor fail, however large the difference', () => {
    expect(only(run(judgedOf([guard]), times(50, BAD), saying({ eValue: 99 }))).status).toBe('hold');
  });

  test('of harm fails, of being fine passes', () => {
    expect(only(run(judgedOf([guard]), [GOOD], saying({ eValue: 412, shown: 'harm' }))).status).toBe('fail');
    expect(only(run(judgedOf([guard]), [GOOD], saying({ shown: 'fine' }))).status).toBe('pass');
  });

  test('of harm stays when data stop coming', () => {
    const blocks = [BAD, ...times(60, SILENT)];
    expect(only(run(judgedOf([guard]), blocks, saying({ eValue: 412, shown: 'harm' }))).status).toBe('fail');
  });

  test('of harm waits for the limit where `for` asks for it', () => {
    const patient = guardOf({ evidence: 'e-value', forMs: 30_000 });
    const verdict = only(run(judgedOf([patient]), times(2, BAD), saying({ eValue: 412, shown: 'harm' })));
    expect(verdict.status).toBe('hold');
    expect(verdict.sentence).toContain('for 20 s of 30 s');
    expect(only(run(judgedOf([patient]), times(3, BAD), saying({ eValue: 412, shown: 'harm' }))).status).toBe('fail');
  });

  test('of harm alone fails where there are too few for the limit', () => {
    const patient = guardOf({ evidence: 'e-value', forMs: 30_000, minN: 1000 });
    expect(only(run(judgedOf([patient]), [BAD], saying({ eValue: 412, shown: 'harm' }))).status).toBe('fail');
  });

  test('that is missing does not stop a limit that holds from passing, with enough in its window', () => {
    const limit = guardOf({ evidence: 'e-value', minN: 150, windowMs: 20_000 });
    expect(only(run(judgedOf([limit]), [GOOD])).status).toBe('hold');
    expect(only(run(judgedOf([limit]), [GOOD, GOOD])).status).toBe('pass');
  });

  test('of pairs and of the canary arm are kept apart, and go on when their subject is back', () => {
    const shadow = seenOf([pairCell(7, 0)], { weightBp: 0 });
    const blocks = [shadow, GOOD, GOOD, shadow];
    expect(only(run(judgedOf([guard]), blocks.slice(0, 3)))).toMatchObject({ subject: 'canary', n: 200 });
    expect(only(run(judgedOf([guard]), blocks))).toMatchObject({ subject: 'pairs', n: 14 });
  });

  test('a limit that was broken begins anew when its subject is back', () => {
    const patient = guardOf({ forMs: 30_000 });
    const stable = seenOf([armCell(100, 50, { weightBp: 0, arm: 'stable' })], { weightBp: 0 });
    const blocks = [stable, stable, GOOD, stable, stable];
    expect(only(run(judgedOf([patient]), blocks)).status).toBe('hold');
    expect(only(run(judgedOf([patient]), [...blocks, stable])).status).toBe('fail');
  });

  test('is not looked for while arms warm up after a change of weight, and nothing passes then', () => {
    const warm = { ...BAD, weightChangedMsAgo: 110_000 };
    const methods = () => countingMethod(() => ({ shown: 'fine' }));
    expect(only(run(judgedOf([guard]), [warm], methods))).toMatchObject({ status: 'hold', n: 0 });
    expect(only(run(judgedOf([guard]), [{ ...BAD, weightChangedMsAgo: 120_000 }], methods)).status).toBe('pass');
  });

  test('limits of what answers users have no warm-up', () => {
    expect(only(run(judgedOf([guardOf()]), [{ ...BAD, weightChangedMsAgo: 0 }])).status).toBe('fail');
  });
});

describe('while the split of units is not as planned', () => {
  const srm = guardOf({ name: 'srm', what: { metric: 'srm' }, evidence: 'e-value', action: 'pause' });
  const relative = guardOf({
    name: 'relative',
    evidence: 'e-value',
    threshold: { kind: 'above-stable', points: 0.01 },
  });
  const absolute = guardOf({ name: 'absolute' });
  const methods = (failing: boolean) => (what: { metric: string }) =>
    countingMethod(() => ({ eValue: 5000, shown: what.metric === 'srm' && !failing ? undefined : 'harm' }));

  test('relative guards are invalid and hold, limits go on', () => {
    const { verdicts } = run(judgedOf([relative, srm, absolute]), [BAD], methods(true));
    expect(verdicts.map(({ status }) => status)).toEqual(['hold', 'fail', 'fail']);
    expect(verdicts[0]?.sentence).toMatch(/^invalid while the split of units is not as planned: /);
    expect(run(judgedOf([relative, srm]), [BAD], methods(false)).verdicts[0]?.status).toBe('fail');
  });

  test('pairs go on: both models answered the same requests', () => {
    const agreement = guardOf({ ...relative, what: { metric: 'pair.agreement', field: 'label', net: false } });
    const block = seenOf([armCell(100, 0), pairCell(100, 0, { weightBp: 500 })]);
    expect(run(judgedOf([agreement, srm]), [block], methods(true)).verdicts[0]?.status).toBe('fail');
  });
});

describe('segments', () => {
  const cell = (value: string, n = 100, k = 0) => armCell(n, k, { segment: 'country', segmentValue: value });

  test('of a scope are added up, and others not looked at', () => {
    const judged = judgedOf([guardOf({ scope: { country: ['NZ', 'IE'] } })]);
    const verdict = only(
      run(judged, [seenOf([armCell(1000, 0), cell('NZ', 30, 10), cell('IE', 10, 0), cell('CO', 500, 500)])]),
    );
    expect(verdict).toMatchObject({ n: 40, value: 0.25, segment: 'country=NZ, IE' });
  });

  test('each on its own are judged by e-BH: known answer of statistics 9', () => {
    const eValues = [400, 120, 60, 25, 4, 0.8, 0.1];
    const threshold = { kind: 'above-stable', relative: 0 } as const;
    const guard = guardOf({ scope: { country: 'each' }, evidence: 'e-value', action: 'alert', threshold });
    const block = seenOf(eValues.map((_, at) => cell(`c${at}`, at + 1)));
    const { verdicts } = run(judgedOf([guard]), [block], () => countingMethod((n) => ({ eValue: eValues[n - 1] })));
    expect(verdicts.map(({ status }) => status)).toEqual(['fail', 'fail', 'fail', 'fail', 'hold', 'hold', 'hold']);
    expect(verdicts[0]?.segment).toBe('country=c0');
  });

  test('of which one has no traffic for a while are no reason to pause', () => {
    const judged = judgedOf([guardOf({ scope: { country: 'each' }, action: 'alert' })]);
    const { verdicts } = run(judged, [seenOf([cell('NZ'), cell('CO')]), ...times(40, seenOf([cell('NZ')]))]);
    expect(verdicts.map(({ segment, status }) => `${segment} ${status}`)).toEqual([
      'country=CO not-applicable',
      'country=NZ pass',
    ]);
  });

  test('beyond 50 have no room, and that is counted', () => {
    const judged = judgedOf([guardOf({ scope: { country: 'each' }, action: 'alert' })]);
    const many = Array.from({ length: 60 }, (_, at) => cell(`c${at}`));
    const state = run(judged, [seenOf(many), seenOf([cell('later')])]);
    expect(state.verdicts).toHaveLength(MAX_EACH);
    expect(state.guards[0]?.droppedSegments).toBe(2);
  });
});

test('where traffic is thin, `for` counts the blocks that had some', () => {
  const judged = judgedOf([guardOf({ forMs: 30_000, windowMs: 60_000 })]);
  expect(only(run(judged, [BAD, SILENT, BAD, SILENT])).status).toBe('hold');
  expect(only(run(judged, [BAD, SILENT, BAD, SILENT, BAD])).status).toBe('fail');
});

test('a verdict says since when it is so', () => {
  const judged = judgedOf([guardOf()]);
  expect(only(run(judged, [GOOD, GOOD, BAD, BAD])).sinceMs).toBe(1_000_000 + 30_000);
});

test('a guard is not applicable where nothing is to be looked at, and says why', () => {
  const guard = guardOf({ what: { metric: 'pair.agreement', field: 'label', net: false } });
  const judged = judgedOf([guard], { candidateShadow: undefined });
  const verdict = only(run(judged, [seenOf([], { weightBp: 0 })]));
  expect([verdict.status, verdict.sentence]).toEqual([
    'not-applicable',
    'not applicable at weight 0: no shadow runs 2.0.0',
  ]);
});

test('cells of another release or rollout count for nothing', () => {
  const others = [
    armCell(50, 50, { release: 'r0' }),
    armCell(50, 50, { rollout: 'other' }),
    armCell(50, 50, { shadow: 'x' }),
  ];
  expect(only(run(judgedOf([guardOf()]), [seenOf([...others, armCell(100, 0)])]))).toMatchObject({ n: 100, value: 0 });
});

test('what answers users is looked at in every phase: stable at weight 0, canary alone from there on', () => {
  const cells = [armCell(900, 0, { arm: 'stable' }), armCell(100, 50), armCell(70, 0, { arm: 'stable', weightBp: 0 })];
  const judged = judgedOf([guardOf()]);
  expect(only(run(judged, [seenOf(cells)]))).toMatchObject({ n: 100, status: 'fail', subject: 'users' });
  const atZero = [armCell(70, 0, { arm: 'stable', weightBp: 0 })];
  expect(only(run(judged, [seenOf(atZero, { weightBp: 0 })]))).toMatchObject({
    n: 70,
    status: 'pass',
    subject: 'users',
  });
});

describe('weights', () => {
  // alike in each, 10 % worse when pooled (statistics 11.1)
  const low = [armCell(180, 7, { weightBp: 100 }), armCell(17_820, 713, { weightBp: 100, arm: 'stable' })];
  const high = [armCell(16_200, 982, { weightBp: 2500 }), armCell(48_600, 2916, { weightBp: 2500, arm: 'stable' })];

  test.each([
    ['one after the other', [...times(200, low), ...times(200, high)]],
    ['at the same time', times(400, [...low, ...high])],
  ])('are never pooled: a canary as good as stable at each does not look worse over both, %s (Simpson)', (_, cells) => {
    const guard = guardOf({ evidence: 'e-value', threshold: { kind: 'above-stable', relative: 0.05 } });
    const blocks = cells.map((of) => seenOf(of, { weightBp: 2500 }));
    const verdict = only(run(judgedOf([guard]), blocks, () => errorRateMethod as GuardMethod<unknown>));
    expect(verdict.value).toBeCloseTo(0.01, 2);
    expect(verdict.status).not.toBe('fail');
  });

  test('are shown to a method one by one', () => {
    const seen: number[][] = [];
    const method = countingMethod();
    const spying: GuardMethod<unknown> = {
      ...method,
      step: (spec, state, input) => {
        seen.push(input.arms.map(({ weightBp }) => weightBp));
        return method.step(spec, state, input);
      },
    };
    const cells = [armCell(5, 0, { weightBp: 5000 }), armCell(5, 0), armCell(9, 0, { weightBp: 0, arm: 'stable' })];
    run(judgedOf([guardOf({ threshold: { kind: 'above-stable', points: 0.1 } })]), [seenOf(cells)], () => spying);
    expect(seen).toEqual([[500, 5000]]);
  });
});

describe('the state', () => {
  const guards = [
    guardOf({ forMs: 30_000, windowMs: 40_000, minN: 20, clear: 0.05 }),
    guardOf({
      name: 'relative',
      evidence: 'e-value',
      threshold: { kind: 'above-stable', relative: 0.1 },
      warmUpMs: 20_000,
    }),
    guardOf({ name: 'each', scope: { country: 'each' }, evidence: 'e-value', action: 'alert' }),
    guardOf({ name: 'srm', what: { metric: 'srm' }, evidence: 'e-value' }),
    guardOf({ name: 'cost', what: { metric: 'prometheus', url: '', query: '', everyMs: 10_000 }, windowMs: 30_000 }),
    guardOf({ name: 'silence', what: { metric: 'no-data' } }),
  ];
  const method = countingMethod((n, k) => ({
    eValue: Math.exp(k / 7 - n / 300),
    shown: k / 7 - n / 300 > 4.6 ? 'harm' : undefined,
    lower: n > 0 ? k / n - 1 / n : undefined,
  }));
  const methodOf = ({ metric }: { metric: string }) =>
    metric === 'error-rate' ? (errorRateMethod as GuardMethod<unknown>) : method;

  const blocks = fc.array(
    fc.record({
      n: fc.nat(80),
      k: fc.nat(20),
      weightBp: fc.constantFrom(0, 0, 500, 500, 500, 9700, 10_000),
      covered: fc.boolean(),
      value: fc.constantFrom('NZ', 'CO', '__proto__'),
      sample: fc.option(fc.double({ noNaN: true, min: -1, max: 1 }), { nil: undefined }),
      weightChangedMsAgo: fc.constantFrom(undefined, 5000, 60_000),
    }),
    { maxLength: 40 },
  );

  const blockOf = ({
    n,
    k,
    value,
    sample,
    ...rest
  }: typeof blocks extends fc.Arbitrary<(infer One)[]> ? One : never): SeenBlock =>
    seenOf(
      [
        armCell(n, Math.min(n, k), { weightBp: rest.weightBp }),
        armCell(5 * n, Math.min(n, k), { weightBp: rest.weightBp, arm: 'stable' }),
        armCell(n, Math.min(n, k), { weightBp: rest.weightBp, segment: 'country', segmentValue: value }),
        pairCell(n, Math.min(n, k), { weightBp: rest.weightBp }),
      ],
      { samples: { cost: sample }, ...rest },
    );

  test('goes on bit by bit as before when it was written and read back after any block', () => {
    fc.assert(
      fc.property(blocks, (all) => {
        let [kept, reread] = [newState(judgedOf(guards)), newState(judgedOf(guards))];
        for (const one of all) {
          kept = step(methodOf, kept, blockOf(one));
          reread = JSON.parse(JSON.stringify(step(methodOf, reread, blockOf(one))));
          expect(JSON.stringify(reread)).toBe(JSON.stringify(kept));
        }
      }),
      { numRuns: 60 },
    );
  });

  test('holds no value that JSON does not know', () => {
    const judged = judgedOf([guardOf({ evidence: 'e-value' })]);
    const state = run(judged, [BAD], saying({ eValue: Infinity, upper: Infinity, lower: -0, shown: 'harm' }));
    expect(only(JSON.parse(JSON.stringify(state)))).toMatchObject({ eValue: Number.MAX_VALUE, lower: 0 });
    expect(JSON.stringify(state)).not.toContain('null');
  });
});

test('a verdict never shows a value on the other side of its threshold than its status', () => {
  const limit = guardOf({ evidence: 'e-value', threshold: { kind: 'max', value: 0.1 } });
  // 1 % over its life, 20 % now; and the other way round
  const failed = only(run(judgedOf([limit]), [...times(50, GOOD), BAD], saying({ eValue: 1000, shown: 'harm' })));
  expect(failed).toMatchObject({ status: 'fail', value: 0.2 });
  const passed = only(run(judgedOf([limit]), [...times(50, BAD), ...times(6, GOOD)]));
  expect(passed).toMatchObject({ status: 'pass', value: 0 });
});
