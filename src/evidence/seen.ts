/** What a block says of each rollout beside its cells: what was delivered, joined, given up, and which units there were. */
import { heldIn } from './merge.ts';
import type { RolloutSeen, SeenUnit } from './sums.ts';

/** Of a block, rollout and release. */
export const MAX_SEEN_UNITS = 4_096;
/** Rollouts and their releases, of a block. */
const MAX_SEEN = 1_000;
/** Bits of a hash that a sample goes by. */
export const LEVELS = 40;

type Counted = 'decisions' | 'elsewhere' | 'matched' | 'unmatched';

interface Open {
  readonly rollout: string;
  readonly release: string;
  decisions: number;
  elsewhere: number;
  matched: number;
  unmatched: number;
  readonly units: UnitSample;
}

export class SeenRollouts {
  readonly #open = new Map<string, Open>();

  add(rollout: string, release: string, what: Counted, by = 1): void {
    const open = this.#at(rollout, release);
    if (open !== undefined) open[what] += by;
  }

  addUnit(rollout: string, release: string, unit: SeenUnit): void {
    this.#at(rollout, release)?.units.add(unit);
  }

  take(): RolloutSeen[] {
    const seen = [...this.#open.values()].map(({ units, ...open }) => ({ ...open, units: units.list() }));
    this.#open.clear();
    return seen;
  }

  #at(rollout: string, release: string): Open | undefined {
    const key = `${rollout}\0${release}`;
    if (this.#open.size >= MAX_SEEN && !this.#open.has(key)) return undefined;
    const none = { decisions: 0, elsewhere: 0, matched: 0, unmatched: 0 };
    return heldIn(this.#open, key, () => ({ rollout, release, ...none, units: new UnitSample(MAX_SEEN_UNITS) }));
  }
}

/**
 * Distinct units, at most `max`: when there are more, only those whose hash is in the lower half of what was taken before, and
 * so on. The hash is keyed and has nothing to do with the bucket, so whether a unit is kept does not depend on its arm.
 * Source: Flajolet, "On adaptive sampling", Computing 43 (1990).
 */
export class UnitSample {
  readonly #max: number;
  readonly #units = new Map<string, SeenUnit>();
  #level = 0;

  constructor(max: number) {
    this.#max = max;
  }

  add(seen: SeenUnit): void {
    if (this.#units.has(seen.unit) || !isBelow(seen.unit, this.#level)) return;
    this.#units.set(seen.unit, seen);
    while (this.#units.size > this.#max) {
      if (this.#level === LEVELS) {
        this.#units.delete(seen.unit);
        return;
      }
      this.#level++;
      for (const unit of this.#units.keys()) if (!isBelow(unit, this.#level)) this.#units.delete(unit);
    }
  }

  list(): SeenUnit[] {
    return [...this.#units.values()];
  }
}

/** The first `level` bits (of 48; at most 40 are asked) of a hash in hex are 0; what is no hash never is, from level 1 on. */
export function isBelow(unit: string, level: number): boolean {
  return level === 0 || Number.parseInt(unit.slice(0, 12), 16) < 2 ** (48 - level);
}
