/** Quantities as people write them, in the file and on the command line. */

/** 0% to 100% with at most 2 decimals. */
export const percentForm = /^(100(\.0{1,2})?|\d{1,2}(\.\d{1,2})?) ?%$/;
/** Sizes in bytes, KiB or MiB. */
export const byteForm = /^(\d{1,9}) ?(B|KiB|MiB)?$/;

/** `5%`, `0.25 %` -> basis points 0..10000; undefined when it is none. */
export function parsePercent(text: string): number | undefined {
  return percentForm.test(text) ? Math.round(Number.parseFloat(text) * 100) : undefined;
}

/** 500 -> `5 %`, 25 -> `0.25 %`. */
export function formatPercent(weightBp: number): string {
  return `${weightBp / 100} %`;
}

const byteUnits: Readonly<Record<string, number>> = { '': 1, B: 1, KiB: 1024, MiB: 1024 * 1024 };

/** `64KiB`, `0`, `512 B` -> bytes; undefined when it is none. */
export function parseBytes(text: string): number | undefined {
  const match = byteForm.exec(text);
  if (!match) return undefined;
  return Number(match[1]) * (byteUnits[match[2] ?? ''] ?? 1);
}
