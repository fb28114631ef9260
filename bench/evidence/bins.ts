/** Edges of the latency sketch's bins on the logarithmic axis. */
import { LATENCY_ALPHA } from '../../src/evidence/sketch.ts';

export const BINS_PER_LN = 1 / Math.log((1 + LATENCY_ALPHA) / (1 - LATENCY_ALPHA));

/** The bin that holds e^`lnMs`; its upper edge is at bin / BINS_PER_LN. */
export function edgeAbove(lnMs: number): number {
  return Math.ceil(lnMs * BINS_PER_LN - 1e-12);
}
