import { setTimeout as wait } from 'node:timers/promises';

type Truthy<T> = Exclude<T, false | 0 | '' | null | undefined>;

/**
 * Waits for a condition instead of for a time: asks again every few milliseconds and returns its first truthy answer.
 * A condition that throws counts as not yet true. `timeoutMs` defaults to 10 000; past it: an Error that says `what`
 * did not happen, with the last thing thrown as cause.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs = 10_000 }: { what: string; timeoutMs?: number },
): Promise<Truthy<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    try {
      const answer = await condition();
      if (answer) return answer as Truthy<T>;
    } catch (thrown) {
      cause = thrown;
    }
    if (performance.now() >= deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause });
    await wait(10);
  }
}
