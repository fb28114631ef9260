/** Simulates all rows on a few threads. A day depends on the seed, its row and its number only: not on who simulates it. */
import { Worker } from 'node:worker_threads';
import { daysOf, type Row, type Size } from './cases.ts';
import type { Day } from './day.ts';

const CHUNK = 20;

export interface Order {
  readonly id: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** Days below it are also shown to the rules of others. */
  readonly others: number;
}

export interface Answer {
  readonly order: Order;
  readonly days: readonly Day[];
}

/** Days of each row, in their order. `done` hears of each row that is complete. */
export async function runRows(
  rows: readonly Row[],
  size: Size,
  seed: number,
  threads: number,
  done: (row: Row, days: readonly Day[]) => void,
): Promise<void> {
  const orders = rows.flatMap((row) => ordersOf(row, size, seed));
  const found = new Map(
    rows.map((row) => [row.id, { row, days: new Array<Day>(daysOf(row, size)), left: daysOf(row, size) }]),
  );
  let next = 0;
  await Promise.all(Array.from({ length: threads }, () => work()));

  async function work(): Promise<void> {
    const worker = new Worker(new URL('./worker.ts', import.meta.url));
    try {
      for (let order = orders[next++]; order !== undefined; order = orders[next++]) take(await ask(worker, order));
    } finally {
      await worker.terminate();
    }
  }

  function take({ order, days }: Answer): void {
    const held = found.get(order.id);
    if (held === undefined) throw new Error(`expected days of a row that was asked for, found ${order.id}`);
    for (const [at, day] of days.entries()) held.days[order.from + at] = day;
    held.left -= days.length;
    if (held.left === 0) done(held.row, held.days);
  }
}

function ordersOf(row: Row, size: Size, seed: number): Order[] {
  const [all, others] = [daysOf(row, size), row.others ? size.others : 0];
  return Array.from({ length: Math.ceil(all / CHUNK) }, (_, at) => {
    return { id: row.id, seed, from: at * CHUNK, to: Math.min(all, (at + 1) * CHUNK), others };
  });
}

function ask(worker: Worker, order: Order): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      worker.off('message', onMessage);
      worker.off('error', onError);
      act();
    };
    const onMessage = (answer: Answer) => settle(() => resolve(answer));
    const onError = (fault: unknown) => settle(() => reject(fault));
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.postMessage(order);
  });
}
