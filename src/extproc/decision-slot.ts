import { SLOT_MS } from '../rollout/breaker-window.ts';
import { nowMs } from './now.ts';

/** From this thread's wall time, which runs on from the thread's start, to the machine's monotonic clock. */
const SHIFT_MS = Number(process.hrtime.bigint()) / 1e6 - nowMs();

/** The slot of a time of `nowMs`: the same in every thread, and unmoved when the wall clock is set. */
export function slotOf(timeMs: number): number {
  return Math.floor((timeMs + SHIFT_MS) / SLOT_MS);
}
