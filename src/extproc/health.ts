/** Whether this thread serves, and which peers still believe so. */
import type { Connection } from './transport.ts';

/** Nothing has been asked for so long: Envoy's workers have heard it too, and nothing is on the way. */
const SETTLE_MS = 200;
const LOOK_EVERY_MS = 20;

export class Health {
  #serving = false;
  /** Envoy's health checker keeps one connection and asks again on it. */
  readonly #believers = new Set<Connection>();

  start(): void {
    this.#serving = true;
  }

  /** The answer to one health check. */
  answer(asker: Connection): boolean {
    if (this.#serving) this.#believers.add(asker);
    else this.#believers.delete(asker);
    return this.#serving;
  }

  /**
   * NOT_SERVING at once. Resolves when every peer that was told SERVING has gone or been told otherwise, and `asked`,
   * a count of decisions, stands still; at the latest after `timeoutMs`, and at once when no peer was told.
   */
  async retire(timeoutMs: number, asked: () => number): Promise<void> {
    this.#serving = false;
    if (!this.#isBelieved()) return;
    const deadlineMs = performance.now() + timeoutMs;
    let quietSinceMs = performance.now();
    let last = asked();
    while (performance.now() < deadlineMs) {
      if (this.#isBelieved() || asked() !== last) quietSinceMs = performance.now();
      if (performance.now() - quietSinceMs >= SETTLE_MS) return;
      last = asked();
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  #isBelieved(): boolean {
    for (const believer of this.#believers) if (believer.destroyed) this.#believers.delete(believer);
    return this.#believers.size > 0;
  }
}
