/** Counts by name, handed on as what was added since the last time, so that a sum survives the thread that counted. */
export class Deltas {
  #counts: Record<string, number> = {};

  add(name: string, by = 1): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + by;
  }

  take(): Record<string, number> {
    const taken = this.#counts;
    this.#counts = {};
    return taken;
  }
}
