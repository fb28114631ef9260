import type { JsonComparator } from '../prediction/spec.ts';
import type { Compared } from './compared.ts';
import { countDifferences, type PathRules, type Pattern, toPatterns } from './diff-paths.ts';

/** `paths`: how many values differ, by the rules of diff-paths.ts; symmetric without relative tolerances. */
export function compareJson(spec: Omit<JsonComparator, 'kind'>, reference: unknown, candidate: unknown): Compared {
  const paths = countDifferences(reference, candidate, patternsOf(spec));
  return { agree: paths === 0, measures: { paths } };
}

/** A spec stays the same for as long as its snapshot: it is read once. */
const read = new WeakMap<PathRules, readonly Pattern[]>();

function patternsOf(spec: PathRules): readonly Pattern[] {
  const known = read.get(spec);
  if (known !== undefined) return known;
  const patterns = toPatterns(spec);
  read.set(spec, patterns);
  return patterns;
}
