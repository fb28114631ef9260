/** Numbers and times as people read them. English grouping, UTC, whatever the machine's locale is. Pure. */

/** `84120` -> `84,120`; larger than a count needs no decimals. */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** Four significant digits at most; whole numbers whole. */
export function number(value: number | null): string {
  if (value === null) return '-';
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e15 || size < 1e-4) return value.toExponential(2);
  if (size >= 1_000) return `${value < 0 ? '-' : ''}${count(size)}`;
  return String(Number(value.toPrecision(4)));
}

export function signed(value: number | null): string {
  return value !== null && value > 0 ? `+${number(value)}` : number(value);
}

/** A fraction as per cent; what is not 0 and not 100 % is never shown as if it were. */
export function percent(share: number | null, digits = 1): string {
  if (share === null || Number.isNaN(share)) return '-';
  const smallest = 10 ** -digits;
  const value = share * 100;
  if (value > 0 && value < smallest / 2) return `< ${smallest} %`;
  if (value < 100 && value > 100 - smallest / 2) return `> ${(100 - smallest).toFixed(digits)} %`;
  return `${value === 0 || value === 100 ? value : value.toFixed(digits)} %`;
}

/** `+8.0 %`, `-12.5 %`, or `?` when there is nothing to compare with. */
export function change(from: number | null, to: number | null): string {
  if (from === null || to === null || from === 0) return '-';
  const ratio = to / from - 1;
  return `${ratio >= 0 ? '+' : ''}${(ratio * 100).toFixed(1)} %`;
}

export function milliseconds(value: number | null): string {
  if (value === null) return '-';
  const size = Math.abs(value);
  if (size >= 10_000) return `${number(value / 1_000)} s`;
  return `${size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(2)} ms`;
}

/** How many times as large; undefined is not said. */
export function times(ratio: number | null): string {
  return ratio === null ? '-' : `${Number(ratio.toPrecision(ratio >= 10 ? 2 : 3))} x`;
}

/** To the second in UTC; without seconds when they are 0. */
export function time(ms: number): string {
  const text = new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
  return `${text.endsWith(':00') ? text.slice(0, -3) : text} UTC`;
}

const UNITS = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** The two largest units: `2 d 3 h`, `40 s`. */
export function duration(ms: number): string {
  const parts: string[] = [];
  let rest = Math.round(ms / 1_000) * 1_000;
  for (const [unit, size] of UNITS) {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    if (whole > 0 && parts.length < 2) parts.push(`${whole} ${unit}`);
    else if (parts.length > 0) break;
  }
  return parts.length === 0 ? '0 s' : parts.join(' ');
}
