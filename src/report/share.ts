/** Shares, and how sure of them one can be. Pure. */
import type { Share } from './report.ts';

const Z = 1.959963984540054;

/**
 * `count` of `of` with the 95 % interval of Wilson (J. Am. Stat. Assoc. 22, 1927):
 * (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n). Of nothing: 0 to 1.
 */
export function shareOf(count: number, of: number): Share {
  if (of === 0) return { count, of, share: null, low: 0, high: 1 };
  const share = count / of;
  const half = Z * Math.sqrt((share * (1 - share)) / of + (Z * Z) / (4 * of * of));
  const centre = share + (Z * Z) / (2 * of);
  const scale = 1 + (Z * Z) / of;
  // exact at both ends, whatever rounding says
  const low = count === 0 ? 0 : Math.max(0, (centre - half) / scale);
  const high = count === of ? 1 : Math.min(1, (centre + half) / scale);
  return { count, of, share, low, high };
}

/** Newcombe's 95 % interval of a - b (Stat. Med. 17:873, 1998, method 10). */
export function differenceOf(a: Share, b: Share): { readonly low: number; readonly high: number } {
  const [p, q] = [a.share ?? 0, b.share ?? 0];
  return {
    low: p - q - Math.hypot(p - a.low, b.high - q),
    high: p - q + Math.hypot(a.high - p, q - b.low),
  };
}
