/** The pairs kept for people, held where they are shown (control); kept.ts says what goes in and out. */

import type { KeptChange } from './kept.ts';
import { type KeptContent, type KeptPair, keptBytes } from './kept-pair.ts';

export interface KeptShelf {
  apply(changes: readonly KeptChange[]): void;
  /** Newest first; a pair that has several places is there once. */
  list(): readonly KeptPair[];
  /** Lets go of the pairs of these units (keyed hashes) and says how many there were. */
  forget(units: ReadonlySet<string>): number;
  clear(): void;
}

/** `maxBytes`: beyond it the oldest places are emptied; what fills it may have been started again and know nothing of them. */
export function createKeptShelf(maxBytes: number): KeptShelf {
  const places = new Map<string, { readonly why: string; readonly content: KeptContent }>();
  const holdings = new Map<KeptContent, { readonly bytes: number; places: number }>();
  let bytes = 0;

  return {
    apply(changes) {
      for (const { slot, why, content } of changes) {
        remove(slot);
        if (content !== undefined) put(slot, why, content);
      }
      for (const slot of places.keys()) {
        if (bytes <= maxBytes) break;
        remove(slot);
      }
    },
    list() {
      const whys = new Map<KeptContent, Set<string>>();
      for (const { why, content } of places.values()) {
        const known = whys.get(content);
        if (known === undefined) whys.set(content, new Set([why]));
        else known.add(why);
      }
      return [...whys]
        .map(([content, why]) => ({ ...content, why: [...why] }))
        .sort((one, other) => other.pair.timeMs - one.pair.timeMs);
    },
    forget(units) {
      const gone = [...places].filter(([, { content }]) => units.has(content.pair.unit));
      for (const [slot] of gone) remove(slot);
      return new Set(gone.map(([, { content }]) => content)).size;
    },
    clear() {
      for (const slot of [...places.keys()]) remove(slot);
    },
  };

  function put(slot: string, why: string, content: KeptContent): void {
    let holding = holdings.get(content);
    if (holding === undefined) {
      holding = { bytes: keptBytes(content), places: 0 };
      holdings.set(content, holding);
      bytes += holding.bytes;
    }
    holding.places += 1;
    places.set(slot, { why, content });
  }

  function remove(slot: string): void {
    const before = places.get(slot);
    if (before === undefined) return;
    places.delete(slot);
    const holding = holdings.get(before.content);
    if (holding === undefined) return;
    holding.places -= 1;
    if (holding.places > 0) return;
    holdings.delete(before.content);
    bytes -= holding.bytes;
  }
}
