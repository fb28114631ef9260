/** Quantities as people write them, in the file and on the command line. */

/** 0% to 100% with at most 2 decimals. */
export const percentForm = /^(100(\.0{1,2})?|\d{1,2}(\.\d{1,2})?) ?%$/;
/** A share with at most 6 decimals. */
export const shareForm = /^(100(\.0{1,6})?|\d{1,2}(\.\d{1,6})?) ?%$/;
/** Sizes in bytes, KiB, MiB, GiB or TiB. */
export const byteForm = /^(\d{1,9}) ?(B|KiB|MiB|GiB|TiB)?$/;
/** Times in ms, s, m, h, d or w. */
export const durationForm = /^(\d{1,9}) ?(ms|s|m|h|d|w)$/;

/** `5%`, `0.25 %` -> basis points 0..10000; undefined when it is none. */
export function parsePercent(text: string): number | undefined {
  return percentForm.test(text) ? Math.round(Number.parseFloat(text) * 100) : undefined;
}

/** 500 -> `5 %`, 25 -> `0.25 %`. */
export function formatPercent(weightBp: number): string {
  return `${weightBp / 100} %`;
}

/** `1%`, `0.05 %` -> a fraction 0..1; undefined when it is none. */
export function parseShare(text: string): number | undefined {
  // 0.7 / 100 is 0.006999999999999999
  return shareForm.test(text) ? Number((Number.parseFloat(text) / 100).toPrecision(12)) : undefined;
}

const byteUnits: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

/** `64KiB`, `0`, `512 B`, `2GiB` -> bytes; undefined when it is none. */
export function parseBytes(text: string): number | undefined {
  const match = byteForm.exec(text);
  if (!match) return undefined;
  return Number(match[1]) * (byteUnits[match[2] ?? ''] ?? 1);
}

const secondMs = 1_000;
const hourMs = 3_600 * secondMs;
const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: secondMs,
  m: 60 * secondMs,
  h: hourMs,
  d: 24 * hourMs,
  w: 7 * 24 * hourMs,
};

/** `500ms`, `30m`, `14d`, `2 w` -> milliseconds; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const match = durationForm.exec(text);
  if (!match) return undefined;
  return Number(match[1]) * (durationUnits[match[2] ?? ''] ?? 1);
}
