/** The lists that baselines answer with: files that understudy.yaml names. */
import type { Contradiction } from './contradiction.ts';
import type { RolloutEntry } from './schema.ts';
import type { WellFormed } from './well-formed.ts';

/** Gives the text of a file; throws, saying why, when it cannot be read or is longer than `maxBytes`. */
export type ReadFile = (path: string, maxBytes: number) => string;

const maxListBytes = 1024 * 1024;

export interface Lists {
  /** JSON texts, without blanks between, by path. */
  readonly texts: ReadonlyMap<string, string>;
  readonly problems: readonly Contradiction[];
}

export function readLists(rollouts: readonly (WellFormed<RolloutEntry> | undefined)[], readFile: ReadFile): Lists {
  const texts = new Map<string, string>();
  const problems: Contradiction[] = [];
  for (const [i, rollout] of rollouts.entries()) {
    const file = rollout?.baseline?.topK;
    if (file === undefined) continue;
    try {
      texts.set(file, listIn(readFile(file, maxListBytes)));
    } catch (error) {
      const path = ['rollouts', i, 'baseline', 'topK'];
      problems.push({ path, expected: 'a file with a JSON list, at most 1MiB', reason: (error as Error).message });
    }
  }
  return { texts, problems };
}

function listIn(text: string): string {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value)) throw new Error('it holds no list');
  return JSON.stringify(value);
}
