/** Which values of a segment have cells of their own. */

/** The value that all others count under. */
export const OTHER_VALUE = 'other';

/** Releases whose values are remembered; then those longest without traffic are forgotten. */
const MAX_RELEASES = 256;

/** The first `maxValues` values of each segment name, and those that are wanted; the same for the whole life of a release, so that none comes and goes. */
export class SegmentLimit {
  readonly #maxValues: number;
  readonly #releases = new Map<string, Map<string, Set<string>>>();

  constructor(maxValues: number) {
    this.#maxValues = maxValues;
  }

  /** The values of one release, by segment name; it counts as used now. */
  valuesOf(rollout: string, release: string): Map<string, Set<string>> {
    const key = `${rollout}\0${release}`;
    const values = this.#releases.get(key) ?? new Map<string, Set<string>>();
    this.#releases.delete(key);
    this.#releases.set(key, values);
    for (const oldest of this.#releases.keys()) {
      if (this.#releases.size <= MAX_RELEASES) break;
      this.#releases.delete(oldest);
    }
    return values;
  }

  /** Undefined: there are too many values already. */
  place(values: Map<string, Set<string>>, name: string, value: string, isWanted: boolean): string | undefined {
    let known = values.get(name);
    if (known === undefined) {
      known = new Set();
      values.set(name, known);
    }
    if (known.has(value)) return value;
    if (known.size >= this.#maxValues && !isWanted) return undefined;
    known.add(value);
    return value;
  }
}
