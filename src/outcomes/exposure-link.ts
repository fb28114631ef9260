/**
 * Exposures and the values of pairs on their way from the observe thread to the outcome thread. Nothing waits: what goes
 * beyond the bounds is dropped and counted.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Exposure, PairValues } from './outcome.ts';

/** To the outcome thread, which answers with how many it is done with. */
export interface Seen {
  readonly type: 'seen';
  readonly exposures: readonly Exposure[];
  readonly pairs: readonly PairValues[];
}
export interface SeenDone {
  readonly type: 'seen-done';
  readonly items: number;
}

/** `dropped-busy`: exposures and values of pairs that found no room, or were in flight when the outcome thread died. */
export type ExposureLinkCounter = 'outcomes.dropped-busy';

export interface ExposureLink {
  exposure(exposure: Exposure): void;
  pair(pair: PairValues): void;
  /** Sends what waits to be sent; at a stop. */
  flush(): void;
  close(): void;
}

const MAX_IN_FLIGHT = 50_000;
const BATCH = 500;
const BATCH_MS = 100;

export function createExposureLink(
  port: MessagePort,
  count: (name: ExposureLinkCounter, by: number) => void,
  maxInFlight: number = MAX_IN_FLIGHT,
): ExposureLink {
  let exposures: Exposure[] = [];
  let pairs: PairValues[] = [];
  let inFlight = 0;
  let timer: NodeJS.Timeout | undefined;
  let open = true;

  port.on('message', ({ items }: SeenDone) => {
    inFlight -= items;
  });
  port.once('close', end);
  // the room lives as long as control says, not as long as somebody listens
  port.unref();

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (exposures.length + pairs.length === 0) return;
    const seen: Seen = { type: 'seen', exposures, pairs };
    port.postMessage(seen);
    [exposures, pairs] = [[], []];
  }

  function end(): void {
    if (!open) return;
    open = false;
    clearTimeout(timer);
    if (inFlight > 0) count('outcomes.dropped-busy', inFlight);
  }

  function offer(add: () => void): void {
    if (!open || inFlight >= maxInFlight) {
      count('outcomes.dropped-busy', 1);
      return;
    }
    inFlight++;
    add();
    if (exposures.length + pairs.length >= BATCH) flush();
    else timer ??= setTimeout(flush, BATCH_MS);
  }

  return {
    exposure: (exposure) => offer(() => exposures.push(exposure)),
    pair: (pair) => offer(() => pairs.push(pair)),
    flush,
    close() {
      flush();
      end();
      port.close();
    },
  };
}
