/** Trailing sums of blocks: exact, and at most MAX_ENTRIES of them whatever the window. Plain data. */

import type { LimitSums } from './input.ts';

/** 10 min of 10 s blocks; a longer window has coarser entries, for an entry may hold a histogram. */
export const MAX_ENTRIES = 60;
const BLOCK_MS = 10_000;

export interface RingEntry {
  ms: number;
  sums: Record<string, number>;
}

export type Ring = RingEntry[];

/** Takes a block; what is older than `windowMs` goes. Changes `ring`. */
export function pushBlock(ring: Ring, windowMs: number, ms: number, sums: LimitSums): void {
  const granuleMs = BLOCK_MS * Math.max(1, Math.ceil(windowMs / MAX_ENTRIES / BLOCK_MS));
  const last = ring.at(-1);
  if (last !== undefined && last.ms + ms <= granuleMs) {
    last.ms += ms;
    addTo(last.sums, sums);
  } else ring.push({ ms, sums: { ...sums } });
  let heldMs = lengthMs(ring);
  while (ring.length > 1 && (heldMs > windowMs || ring.length > MAX_ENTRIES + 1)) heldMs -= ring.shift()?.ms ?? 0;
}

/** Covered time it holds. */
export function lengthMs(ring: Ring): number {
  return ring.reduce((sum, { ms }) => sum + ms, 0);
}

/** Added from the oldest to the newest; undefined when nothing was ever counted. */
export function sumOf(ring: Ring): LimitSums | undefined {
  const total: Record<string, number> = {};
  for (const { sums } of ring) addTo(total, sums);
  return Object.keys(total).length === 0 ? undefined : total;
}

function addTo(target: Record<string, number>, source: LimitSums): void {
  for (const name in source) target[name] = (target[name] ?? 0) + (source[name] ?? 0);
}
