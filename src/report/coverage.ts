/** Which part of a period has evidence. Pure. */
import type { Coverage, Span } from './report.ts';

/** Shorter ones are how blocks end and begin. */
const GAP_MS = 60_000;
/** A block belongs to the period in which it began, and is of up to ten minutes. */
export const FIRST_GAP_MS = 660_000;
/** The newest blocks are written a minute or two after their time. */
const LAST_GAP_MS = 180_000;
const MAX_GAPS = 10;

/** Collects the blocks of a recording, of any number of sidecars, in any order. */
export class CoveredTime {
  /** Longest duration by start. */
  readonly #blocks = new Map<number, number>();

  add(startMs: number, durationMs: number): void {
    if (durationMs > (this.#blocks.get(startMs) ?? -1)) this.#blocks.set(startMs, durationMs);
  }

  coverage({ fromMs, untilMs }: Span): Coverage {
    const spans = this.#spans();
    const gaps: Span[] = [];
    let coveredMs = 0;
    let reachedMs = fromMs;
    for (const span of spans) {
      const least = reachedMs === fromMs ? FIRST_GAP_MS : GAP_MS;
      if (span.fromMs - reachedMs >= least) gaps.push({ fromMs: reachedMs, untilMs: Math.min(span.fromMs, untilMs) });
      coveredMs += Math.max(0, Math.min(span.untilMs, untilMs) - Math.max(span.fromMs, fromMs));
      reachedMs = Math.max(reachedMs, span.untilMs);
    }
    if (untilMs - reachedMs >= LAST_GAP_MS) gaps.push({ fromMs: reachedMs, untilMs });
    const longest = gaps.toSorted((a, b) => length(b) - length(a)).slice(0, MAX_GAPS);
    return {
      blocks: this.#blocks.size,
      coveredMs,
      share: untilMs > fromMs ? coveredMs / (untilMs - fromMs) : 0,
      gaps: longest.sort((a, b) => a.fromMs - b.fromMs),
      gapsNotListed: Math.max(0, gaps.length - MAX_GAPS),
    };
  }

  /** How much of `span` has blocks, ms. */
  within({ fromMs, untilMs }: Span): number {
    return this.#spans().reduce(
      (sum, span) => sum + Math.max(0, Math.min(span.untilMs, untilMs) - Math.max(span.fromMs, fromMs)),
      0,
    );
  }

  /** Blocks that touch, as one; two sidecars' blocks of the same time are that time once. */
  #spans(): readonly Span[] {
    const spans: { readonly fromMs: number; untilMs: number }[] = [];
    for (const [startMs, durationMs] of [...this.#blocks].sort(([a], [b]) => a - b)) {
      const last = spans.at(-1);
      if (last !== undefined && startMs <= last.untilMs) last.untilMs = Math.max(last.untilMs, startMs + durationMs);
      else spans.push({ fromMs: startMs, untilMs: startMs + durationMs });
    }
    return spans;
  }
}

function length({ fromMs, untilMs }: Span): number {
  return untilMs - fromMs;
}
