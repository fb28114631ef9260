/** Numbers as people read them in verdicts. */
import type { GuardSpec } from './spec.ts';
import { isAgreement } from './threshold.ts';

/** `ms`; `share` is printed in per cent, as is `relative` (of stable's value); `points`: a difference of shares; `` = a bare number. */
export type Unit = 'ms' | 'share' | 'relative' | 'points' | '';

const SHARES = ['error-rate', 'pair.agreement', 'pair.missing', 'pair.overlap', 'exposure', 'srm'];

export function unitOf({ what, threshold }: Pick<GuardSpec, 'what' | 'threshold'>): Unit {
  if (!('value' in threshold) && isAgreement(what)) return 'share';
  if (what.metric === 'pair.drift') return '';
  if ('relative' in threshold) return 'relative';
  const isTime = ['latency', 'feature-fetch', 'no-data'].includes(what.metric);
  if (isTime) return 'ms';
  const isShare = SHARES.includes(what.metric) || (what.metric === 'outcome' && what.of === 'ratio');
  if ('points' in threshold) return isShare ? 'points' : '';
  if (what.metric === 'pair.shift') return 'relative';
  return isShare ? 'share' : '';
}

/** `61 ms`, `0.12 %`, `0.1 points`, `3,100`. Three digits that count, more where they would hide what is near all or none. */
export function printed(value: number, unit: Unit): string {
  if (unit === 'ms') return `${plain(value)} ms`;
  if (unit === 'points') return `${plain(value * 100)} points`;
  if (unit === 'relative') return `${plain(value * 100)} %`;
  return unit === 'share' ? percent(value) : plain(value);
}

/** 99.95 % is not 100 %, and 97.64 % says no more than 97.6 %. */
function percent(share: number): string {
  const rest = 1 - share;
  if (share <= 0.5 || rest <= 0) return `${plain(share * 100)} %`;
  const digits = Math.min(6, Math.max(1, 1 - Math.floor(Math.log10(rest * 100))));
  return `${Number((share * 100).toFixed(digits))} %`;
}

function plain(value: number): string {
  return grouped(Number(value.toPrecision(Math.abs(value) >= 100 ? 4 : 3)));
}

/** `84,120` */
export function grouped(value: number): string {
  const [whole = '', ...rest] = String(value).split('.');
  // 1e21 and the like stay as they are
  if (!/^-?\d+$/.test(whole)) return String(value);
  return [whole.replace(/\B(?=(\d{3})+$)/g, ','), ...rest].join('.');
}

/** `412`, `1.4`, `more than a million` */
export function printedEvidence(eValue: number): string {
  if (eValue > 1e6) return 'more than a million';
  return eValue >= 10 ? grouped(Math.floor(eValue)) : String(Number(eValue.toPrecision(2)));
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
];

/** `15 min`, `1.5 h`, `50 s`; never more than one unit. */
export function printedMs(ms: number): string {
  const [name, size] = UNITS.find(([, unitMs]) => ms >= unitMs) ?? ['s', 1000];
  return `${Number((ms / size).toPrecision(ms / size < 10 ? 2 : 3))} ${name}`;
}

/** `about 1,900`: two digits that count, upwards. */
export function roughly(n: number): string {
  if (n < 100) return grouped(Math.ceil(n));
  const unit = 10 ** (Math.floor(Math.log10(n)) - 1);
  return grouped(Math.ceil(n / unit) * unit);
}
