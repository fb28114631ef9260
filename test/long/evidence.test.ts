/** The bounds that docs/statistics.md publishes, on another seed than its own. */
import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { FULL, ROWS, type Row } from '../../bench/evidence/cases.ts';
import { runRows } from '../../bench/evidence/run.ts';
import { delayOf, firstOf, heldOf } from '../../bench/evidence/tables.ts';

const SEED = 20;
/** Of these a bound holds, whatever the traffic does inside a block. */
const BOUNDED = ['aa-errors', 'aa-errors-bursts-10', 'aa-p95', 'aa-clicks', 'aa-agreement', 'aa-ladder'];

test.each(BOUNDED)(
  'of 4,000 healthy days of %s no more have an alarm than alpha allows',
  async (id) => {
    const row = ROWS.find((one) => one.id === id) as Row;
    const size = { ...FULL, others: 0 };
    await runRows([row], size, SEED, availableParallelism(), (_, days) => {
      const fired = firstOf(days).filter((second) => second !== -1).length;
      expect(heldOf(fired, days.length, row.alpha)).toMatchObject({ verdict: 'holds' });
    });
  },
  3_600_000,
);

test('a doubled p95 is found within 60 s in the median, in blocks of 10 s', async () => {
  const row = ROWS.find(({ id }) => id === 'p95-100-eligible') as Row;
  await runRows([row], { ...FULL, others: 0 }, SEED, availableParallelism(), (_, days) => {
    expect(delayOf(firstOf(days)).median).toBeLessThanOrEqual(60);
  });
}, 3_600_000);
