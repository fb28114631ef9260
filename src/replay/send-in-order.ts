/** Sends many at an even rate without waiting for answers, and hands results on in the order of what was sent. */

export interface Pace {
  /** Starts a second; the clock does not stop for a slow candidate. */
  readonly perSecond: number;
  /** Beyond it a start waits, and is late. */
  readonly maxInFlight: number;
  readonly nowMs: () => number;
  /** Resolves after `ms`, or at once when `signal` aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Results that wait for a slow one before them. */
const MAX_WAITING = 10_000;

/**
 * `start` is called for each item at its time; undefined = there is nothing to send, and the item takes no time. `done` gets
 * each item with its result, strictly in order: what it adds up is the same for any order of answers. When `signal` aborts
 * nothing more is started; what is in flight is awaited and done. Resolves with how many starts were late: they had to wait
 * for others to end. Rejects with what `items`, `start` or `done` throw.
 */
export async function sendInOrder<Item, Result>(
  items: AsyncIterable<Item>,
  start: (item: Item) => Promise<Result> | undefined,
  done: (item: Item, result: Result | undefined) => void,
  { perSecond, maxInFlight, nowMs, sleep }: Pace,
  signal: AbortSignal,
): Promise<{ readonly late: number }> {
  const startMs = nowMs();
  let [sent, inFlight, waiting, late] = [0, 0, 0, 0];
  let last: Promise<void> = Promise.resolve();
  let failed = false;
  let freed: (() => void) | undefined;
  const end = () => {
    inFlight--;
    freed?.();
  };

  for await (const item of items) {
    if (inFlight >= maxInFlight || waiting >= MAX_WAITING) late++;
    if (waiting >= MAX_WAITING) await last;
    while (inFlight >= maxInFlight) {
      await new Promise<void>((resolve) => {
        freed = resolve;
      });
    }
    const waitMs = startMs + (sent * 1_000) / perSecond - nowMs();
    if (waitMs > 0) await sleep(waitMs, signal);
    if (signal.aborted || failed) break;
    const answer = start(item);
    if (answer !== undefined) {
      sent++;
      inFlight++;
      void answer.then(end, end);
    }
    waiting++;
    last = inOrder(last, item, answer);
    last.catch(() => {
      failed = true;
    });
  }
  await last;
  return { late };

  async function inOrder(before: Promise<void>, item: Item, answer: Promise<Result> | undefined): Promise<void> {
    const [result] = await Promise.all([answer, before]);
    waiting--;
    done(item, result);
  }
}
