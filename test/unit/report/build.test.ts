import { expect, test } from 'vitest';
import type { RecordedRow } from '../../../src/recording/row.ts';
import { buildReport } from '../../../src/report/build.ts';
import type { TimedCell } from '../../../src/report/gather.ts';
import { renderMarkdown } from '../../../src/report/markdown.ts';
import {
  armCell,
  armOf,
  classField,
  differingField,
  HOUR,
  numberField,
  pairCell,
  pairsOf,
  rowOf,
  START,
  sideOf,
  timed,
} from './cells.ts';

const PERIOD = { fromMs: START, untilMs: START + HOUR };

function build(
  cells: readonly TimedCell[],
  rows: readonly RecordedRow[] = [],
  more: { rollout?: string; shadow?: string; maxRows?: number } = {},
) {
  return buildReport(cells, rows, { period: PERIOD, version: '0.1.0', ...more });
}

async function shadowOf(cells: readonly TimedCell[], rows: readonly RecordedRow[] = []) {
  const shadow = (await build(cells, rows)).releases[0]?.shadows[0];
  if (shadow === undefined) throw new Error('no shadow');
  return shadow;
}

const twoThousand = (value: (n: number) => number) => Array.from({ length: 2_000 }, (_, n) => value(n));
const values = (factor: (n: number) => number) =>
  twoThousand((n) => 10 + (n % 100)).map((x, n) => [x, x * factor(n)] as const);

test('the first line says where the candidate differs, how often, beside how much noise, and where it is worst', async () => {
  const noise = { both: 5, candidateOnly: 45, twinOnly: 1, neither: 1_949 };
  const all = numberField(
    'delay',
    values((n) => (n % 40 === 0 ? 60 : 1)),
    50,
    { noise },
  );
  const colorado = numberField(
    'delay',
    [...Array(50)].map(() => [10, 600] as const),
    50,
  );
  const cells = [
    timed(pairCell(pairsOf({ pairs: 2_000, fields: [all] }))),
    timed(pairCell(pairsOf({ pairs: 50, fields: [colorado] }), { segment: 'state', segmentValue: 'CO' })),
  ];
  const { headlines } = await build(cells, [rowOf()]);
  expect(headlines[0]).toEqual({
    tone: 'bad',
    text: '`flight-delay`: `candidate` `2.0.0` differs in 2.5 % of 2,000 pairs on `delay`, noise 0.3 %; worst: `state=CO` 100 % of 50 (60 x)',
  });
});

test('what differs no more than the twin does is called noise', async () => {
  const noise = { both: 5, candidateOnly: 20, twinOnly: 22, neither: 1_953 };
  const field = numberField(
    'delay',
    values(() => 1),
    25,
    { noise },
  );
  const { headlines, missing } = await build([timed(pairCell(pairsOf({ pairs: 2_000, fields: [field] })))], [rowOf()]);
  expect(headlines[0]?.tone).toBe('good');
  expect(headlines[0]?.text).toContain(
    'differs in 1.3 % of 2,000 pairs on `delay`, noise 1.4 %, which is no more than noise',
  );
  expect(missing.join()).not.toContain('twin');
});

test('without a twin the report says that noise is taken as 0', async () => {
  const field = numberField(
    'delay',
    values(() => 1),
    0,
  );
  const { missing } = await build([timed(pairCell(pairsOf({ pairs: 2_000, fields: [field] })))]);
  expect(missing).toContain('`flight-delay`, shadow `candidate`: no pair also went to a twin, so noise is taken as 0.');
});

test('net is what the candidate disagrees in beyond the twin', async () => {
  const noise = { both: 10, candidateOnly: 95, twinOnly: 45, neither: 9_850 };
  const field = numberField(
    'delay',
    values(() => 1),
    105,
    { noise },
  );
  const { fields } = await shadowOf([timed(pairCell(pairsOf({ pairs: 2_000, fields: [field] })))]);
  expect(fields[0]?.noise).toMatchObject({ pairs: 10_000, floor: 0.0055, net: 0.005 });
});

test('blocks add up to what one block of all would be', async () => {
  const part = () =>
    pairsOf({ pairs: 1_000, reference: twoThousand((n) => n + 1), candidate: twoThousand((n) => 2 * n + 1) });
  const whole = await shadowOf([timed(pairCell(part())), timed(pairCell(part()), START + 600_000)]);
  expect(whole.pairs).toBe(2_000);
  expect(whole.reference.latency.count).toBe(4_000);
  expect(whole.reference.latency.p50).toBeGreaterThan(980);
  expect(whole.reference.latency.p50).toBeLessThan(1_020);
  expect(whole.trend.map(({ fromMs, pairs }) => [fromMs - START, pairs])).toEqual([
    [0, 1_000],
    [600_000, 1_000],
  ]);
});

test('a quantile that too few values lie beyond is not given', async () => {
  const { reference } = await shadowOf([
    timed(pairCell(pairsOf({ pairs: 150, reference: twoThousand((n) => n).slice(0, 150) }))),
  ]);
  expect(reference.latency.p50).not.toBeNull();
  expect([reference.latency.p95, reference.latency.p99, reference.latency.p999]).toEqual([null, null, null]);
  expect(reference.latency.max).toBe(149);
});

test('an arm is reported by effective weight, with throughput over the time it has evidence for', async () => {
  const cells = [
    timed(
      armCell(armOf([1, 2, 3], { requests: 300, errors: { timeout: 3, aborted: 5 }, clientErrors: 2 })),
      START,
      100_000,
    ),
    timed(armCell(armOf([1], { requests: 100 }), { weightBp: 500, arm: 'canary' }), START + 100_000, 100_000),
  ];
  const [release] = (await build(cells)).releases;
  expect(release?.arms.map(({ arm, weightBp, requests, perSecond }) => [arm, weightBp, requests, perSecond])).toEqual([
    ['stable', 0, 300, 3],
    ['canary', 500, 100, 1],
  ]);
  expect(release?.arms[0]?.errors).toEqual({
    count: 3,
    of: 295,
    share: 3 / 295,
    kinds: [
      { name: 'aborted', count: 5 },
      { name: 'timeout', count: 3 },
    ],
    clientErrors: 2,
  });
});

test('a shift of the values is watched or acted on, and with few values neither', async () => {
  const drift = async (factor: number, count = 2_000) => {
    const field = numberField('score', values(() => factor).slice(0, count), 0);
    return (await shadowOf([timed(pairCell(pairsOf({ pairs: count, fields: [field] })))])).fields[0]?.drift;
  };
  expect(await drift(1)).toMatchObject({ shiftAlarm: 'none', psiAlarm: 'none', ks: 0 });
  expect(await drift(1.07)).toMatchObject({ shiftAlarm: 'watch' });
  expect(await drift(1.5)).toMatchObject({ shiftAlarm: 'act', psiAlarm: 'act', pairsEnough: true });
  expect(await drift(1.5, 500)).toMatchObject({ shiftAlarm: 'none', pairsEnough: false });
});

test('flips, what they are worth and who said what are told', async () => {
  const field = classField(
    'verdict',
    [
      ['good', 'good', 980],
      ['good', 'bad', 17],
      ['bad', 'bad', 3],
    ],
    1_204,
  );
  const { headlines, releases } = await build([timed(pairCell(pairsOf({ pairs: 1_000, fields: [field] })))], [rowOf()]);
  expect(headlines[0]?.text).toContain('17 decisions flipped, 1,204 in amount');
  expect(releases[0]?.shadows[0]?.fields[0]?.confusion).toEqual([
    { reference: 'good', candidate: 'good', count: 980 },
    { reference: 'good', candidate: 'bad', count: 17 },
    { reference: 'bad', candidate: 'bad', count: 3 },
  ]);
});

test('of any number of segments twenty are listed, most surely worst first, and the rest counted', async () => {
  const cells = [
    timed(
      pairCell(
        pairsOf({
          pairs: 10,
          fields: [
            numberField(
              'delay',
              values(() => 1),
              9,
            ),
          ],
        }),
      ),
    ),
  ];
  for (let n = 0; n < 10_050; n++) {
    const some = [...Array(n === 3 ? 200 : 2)].map(() => [1, 2] as const);
    const disagreeing = n === 3 ? 180 : n % 2 === 0 ? 2 : 0;
    const sums = pairsOf({ pairs: some.length, fields: [numberField('delay', some, disagreeing)] });
    cells.push(timed(pairCell(sums, { segment: 'user', segmentValue: `u${n}` })));
  }
  const report = await build(cells);
  const field = report.releases[0]?.shadows[0]?.fields[0];
  expect(field?.segments).toHaveLength(20);
  expect(field?.segments[0]).toMatchObject({
    segment: 'user',
    value: 'u3',
    disagreement: { count: 180, of: 200 },
    ratio: 2,
  });
  expect(field?.segmentsNotListed).toBe(5_001 - 20);
  expect(report.missing.join()).toContain('100 pairs are of segment values beyond 10,000');
});

test('unequal requests are named by line; warm-up is the first ten minutes of a release that began in the period', async () => {
  const slow = pairsOf({ pairs: 30, reference: [10], candidate: [50], changes: { unequal: { host: 30 } } });
  const fast = pairsOf({ pairs: 30, reference: [10], candidate: [20] });
  const begins = START + 20 * 60_000;
  const { parity } = await shadowOf([timed(pairCell(slow), begins), timed(pairCell(fast), begins + 600_000)]);
  expect(parity.lines.find(({ line }) => line === 'host')).toEqual({ line: 'host', unequal: 30 });
  expect(parity.warmUp).toEqual({ reference: { first: 10, rest: 10 }, candidate: { first: 50, rest: 20 } });
  expect((await shadowOf([timed(pairCell(slow))])).parity.warmUp).toBeNull();
});

test('a candidate that fails more often than the reference is bad, whatever its answers say', async () => {
  const sums = pairsOf({ pairs: 6_000 });
  sums.candidate.errors.timeout = 18;
  sums.reference.errors['http-5xx'] = 1;
  const { headlines } = await build([timed(pairCell(sums))], [rowOf()]);
  expect(headlines[0]).toEqual({
    tone: 'bad',
    text: '`flight-delay`: `candidate` `2.0.0` fails in 0.30 % of 6,000 pairs, the reference in 0.02 %, most often timeout',
  });
});

test('a time-out does not make a candidate fast: what never answered counts as longest', async () => {
  const sums = pairsOf({
    pairs: 1_000,
    reference: twoThousand(() => 10).slice(0, 1_000),
    candidate: twoThousand(() => 5).slice(0, 900),
  });
  sums.candidate.errors.timeout = 100;
  const report = await build([timed(pairCell(sums))], [rowOf()]);
  const latency = report.releases[0]?.shadows[0]?.candidate.latency;
  expect(latency).toMatchObject({ count: 900, unanswered: 100, p95: null });
  expect(latency?.p50).toBeCloseTo(5, 1);
  expect(renderMarkdown(report)).toMatch(
    /\| candidate \| 10.00 % \| 5.00 ms \| no answer \| no answer \| no answer \|/,
  );
});

test('a twin has no headline, and is recognised by its version', async () => {
  const cells = [timed(pairCell(pairsOf({ pairs: 10, changes: { bodiesCompared: 10 } }), { shadow: 'twin' }))];
  const report = await build(cells, [rowOf({ shadow: 'twin', candidate: sideOf('1.0.0') })]);
  expect(report.headlines).toEqual([]);
  expect(report.releases[0]?.shadows[0]?.twin).toBe(true);
});

test('examples are kept rows that differ, the largest of each reason first, and never a body', async () => {
  const kept = (id: string, changes: Partial<RecordedRow>) => rowOf({ id, kept: true, agree: false, ...changes });
  const rows = [
    rowOf({ id: 'not kept', fields: differingField('delay', 1, 100) }),
    kept('small', { fields: differingField('delay', 10, 11) }),
    kept('large', { fields: differingField('delay', 10, 600), reference: sideOf('1.0.0', { body: 'SECRET' }) }),
    kept('broken', { candidate: sideOf('2.0.0', { status: 503, error: 'http-5xx', body: 'SECRET' }) }),
    kept('not json', { fields: 'oops' }),
    kept('long', { fields: differingField('text', 'x'.repeat(500), null) }),
    kept('same', { agree: true }),
  ];
  const { examples } = await shadowOf([timed(pairCell(pairsOf({ pairs: 10 })))], rows);
  expect(examples.map(({ id, why }) => [id, why])).toEqual([
    ['large', 'delay disagrees'],
    ['long', 'text disagrees'],
    ['broken', 'candidate: http-5xx'],
    ['small', 'delay disagrees'],
  ]);
  expect(examples[1]?.fields[0]?.reference).toHaveLength(80);
  expect(JSON.stringify(examples)).not.toContain('SECRET');
});

test('only what is asked for is in it, and reading rows ends', async () => {
  const cells = ['a', 'b'].flatMap((rollout) => [
    timed(pairCell(pairsOf({ pairs: 1 }), { rollout })),
    timed(pairCell(pairsOf({ pairs: 1 }), { rollout, shadow: 'twin' })),
  ]);
  const rows = [1, 2, 3].map(() => rowOf({ rollout: 'a' }));
  const report = await build(cells, rows, { rollout: 'a', shadow: 'candidate', maxRows: 2 });
  expect(report.releases.map(({ rollout, shadows }) => [rollout, shadows.map(({ shadow }) => shadow)])).toEqual([
    ['a', ['candidate']],
  ]);
  expect(report.missing).toContain('Only the first 2 rows were looked at for examples.');
});
