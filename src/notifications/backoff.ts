const FIRST_MS = 2_000;
const LONGEST_MS = 300_000;

/** How long to wait after so many failures in a row (1..), in ms: twice as long each time, at most 5 min, less up to half by chance. */
export function backoffMs(failures: number, random: number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return longest * (0.5 + random / 2);
}
