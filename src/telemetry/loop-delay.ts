/** How late the event loop of a thread runs its timers: what everything that thread does has to wait for. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const RESOLUTION_MS = 20;
/** A stall is shown for at least this long, whoever asks how often. */
const WINDOW_MS = 30_000;

/**
 * Starts measuring the calling thread. Each call of the result gives the worse of this window and the one before, so
 * what happened in the last 30 to 60 seconds. `nowMs` is monotonic.
 */
export function watchLoopDelay(nowMs = () => performance.now()): () => LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let before: LoopDelay = { p50Ms: 0, p99Ms: 0, maxMs: 0 };
  let windowStartMs = nowMs();
  // it records the time between two ticks, in ns; nothing recorded yet reads as less than one resolution
  const delayMs = (ns: number) => Math.max(0, ns / 1e6 - RESOLUTION_MS);
  return () => {
    const now: LoopDelay = {
      p50Ms: delayMs(histogram.percentile(50)),
      p99Ms: delayMs(histogram.percentile(99)),
      maxMs: delayMs(histogram.max),
    };
    const worse: LoopDelay = {
      p50Ms: Math.max(now.p50Ms, before.p50Ms),
      p99Ms: Math.max(now.p99Ms, before.p99Ms),
      maxMs: Math.max(now.maxMs, before.maxMs),
    };
    if (nowMs() - windowStartMs >= WINDOW_MS) {
      before = now;
      windowStartMs = nowMs();
      histogram.reset();
    }
    return worse;
  };
}
