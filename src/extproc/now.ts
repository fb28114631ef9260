/** Wall time with fractions of a millisecond, ms since the epoch. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
