/** A thread of run.ts. */
import { parentPort } from 'node:worker_threads';
import { ROWS } from './cases.ts';
import { simulate } from './day.ts';
import type { Order } from './run.ts';

parentPort?.on('message', (order: Order) => {
  const { id, seed, from, to, others } = order;
  const row = ROWS.find((one) => one.id === id);
  if (row === undefined) throw new Error(`expected a row, found ${id}`);
  const days = Array.from({ length: to - from }, (_, at) => simulate(row, seed, from + at, from + at < others));
  parentPort?.postMessage({ order, days });
});
