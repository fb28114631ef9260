/** What a report for people is made of, and the words they share. Pure. */
import { count, milliseconds } from './format.ts';
import type { Bin, Count, Errors, Headline, Quantiles, SegmentReport, TrendPoint } from './report.ts';

/** In texts, `name` between backticks is a name as it stands in the configuration or in traffic. */
export type Block =
  | { readonly is: 'heading'; readonly level: 1 | 2 | 3 | 4; readonly text: string }
  | { readonly is: 'paragraph'; readonly text: string }
  | { readonly is: 'answer'; readonly headlines: readonly Headline[] }
  | { readonly is: 'list'; readonly items: readonly string[] }
  | TableBlock
  | { readonly is: 'plot'; readonly title: string; readonly plot: Plot };

export interface TableBlock {
  readonly is: 'table';
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How many columns from the left hold words; the others hold numbers. */
  readonly words: number;
}

export type Plot =
  | {
      readonly kind: 'disagreement' | 'latency' | 'pairs';
      readonly trend: readonly TrendPoint[];
      readonly bucketMs: number;
    }
  | { readonly kind: 'quantiles'; readonly reference: Quantiles; readonly candidate: Quantiles }
  | { readonly kind: 'histogram'; readonly bins: readonly Bin[] }
  | { readonly kind: 'segments'; readonly segments: readonly SegmentReport[] };

/** A name between backticks; a backtick in it would end it. */
export function code(name: string): string {
  return `\`${name.replaceAll('`', "'")}\``;
}

export const LATENCY_HEADS: readonly string[] = ['p50', 'p95', 'p99', 'p99.9'];

export function latencyCells(quantiles: Quantiles): string[] {
  const { p50, p95, p99, p999 } = quantiles;
  return [
    latencyText(quantiles, p50, 0.5),
    latencyText(quantiles, p95, 0.95),
    latencyText(quantiles, p99, 0.99),
    latencyText(quantiles, p999, 0.999),
  ];
}

function latencyText({ count, unanswered }: Quantiles, value: number | null, q: number): string {
  const isAmongUnanswered = value === null && unanswered > (1 - q) * (count + unanswered);
  return isAmongUnanswered ? 'no answer' : milliseconds(value);
}

/** `2 errors (timeout 2), 5 client errors` */
export function errorsText({ count: errors, kinds, clientErrors }: Errors): string {
  const details = kinds.length === 0 ? '' : ` (${counts(kinds)})`;
  return `${count(errors)} ${errors === 1 ? 'error' : 'errors'}${details}, ${count(clientErrors)} client ${clientErrors === 1 ? 'error' : 'errors'}`;
}

/** `timeout 1,204, reset 3` */
export function counts(entries: readonly Count[]): string {
  return entries.map((entry) => `${entry.name} ${count(entry.count)}`).join(', ');
}
