/** Where two JSON values differ. Iterative: no nesting is too deep. */
import { isWithin } from './number.ts';

/** JSON Pointers (RFC 6901) in which a step `*` is any step. */
export interface PathRules {
  /** What is there, and below, is not looked at. */
  readonly ignore: readonly string[];
  /** Two numbers there are the same when they are within it; `abs` in their unit, `rel` a fraction of the reference. */
  readonly tolerances: readonly { readonly at: string; readonly abs: number; readonly rel: number }[];
}

/** A pointer grows no longer: what differs deeper is told as the place above it. */
const MAX_POINTER_LENGTH = 1_000;

/**
 * JSON Pointers of what differs, in the order of the reference, at most `limit`: a value that differs, and a member or item
 * that only one side has. Objects and lists are gone into; the order of members does not count, that of items does. NaN and
 * infinity (JSON's 1e999) differ from themselves.
 */
export function differingPaths(reference: unknown, candidate: unknown, limit: number): string[] {
  const pointers = new Set<string>();
  if (limit > 0) walk(reference, candidate, [], (pointer) => pointers.add(pointer).size < limit);
  return [...pointers];
}

/** How many values differ beside what `patterns` allow. Symmetric without relative tolerances. */
export function countDifferences(reference: unknown, candidate: unknown, patterns: readonly Pattern[]): number {
  let count = 0;
  walk(reference, candidate, patterns, () => {
    count++;
    return true;
  });
  return count;
}

export interface Pattern {
  readonly steps: readonly string[];
  /** Undefined: ignored. */
  readonly tolerance: { readonly abs: number; readonly rel: number } | undefined;
}

export function toPatterns({ ignore, tolerances }: PathRules): Pattern[] {
  return [
    ...ignore.map((at) => ({ steps: stepsOf(at), tolerance: undefined })),
    ...tolerances.map(({ at, abs, rel }) => ({ steps: stepsOf(at), tolerance: { abs, rel } })),
  ];
}

function stepsOf(pointer: string): string[] {
  const steps = pointer.split('/').slice(1);
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

interface Place {
  readonly reference: unknown;
  readonly candidate: unknown;
  readonly pointer: string;
  /** Those whose first `depth` steps lead here. */
  readonly patterns: readonly Pattern[];
  readonly depth: number;
}

const ABSENT = Symbol('absent');

/** `onDifference` says whether to go on. */
function walk(
  reference: unknown,
  candidate: unknown,
  patterns: readonly Pattern[],
  onDifference: (pointer: string) => boolean,
): void {
  const open: Place[] = [{ reference, candidate, pointer: '', patterns, depth: 0 }];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    if (isAllowed(place)) continue;
    const inside = placesInside(place);
    if (inside === undefined) {
      if (!isSameScalar(place.reference, place.candidate) && !onDifference(place.pointer)) return;
    } else {
      // the first is taken next
      for (let i = inside.length - 1; i >= 0; i--) open.push(inside[i] as Place);
    }
  }
}

function isAllowed({ reference, candidate, patterns, depth }: Place): boolean {
  return patterns.some(({ steps, tolerance }) => {
    if (steps.length !== depth) return false;
    if (tolerance === undefined) return true;
    return typeof reference === 'number' && typeof candidate === 'number' && isWithin(tolerance, reference, candidate);
  });
}

/** False of lists and objects, even of one and the same: something in it may not be finite. */
function isSameScalar(reference: unknown, candidate: unknown): boolean {
  if (reference !== candidate || reference === ABSENT) return false;
  return typeof reference === 'number'
    ? Number.isFinite(reference)
    : typeof reference !== 'object' || reference === null;
}

/** Undefined when the two are not both lists or both objects. What is the same anyway is left out. */
function placesInside(place: Place): Place[] | undefined {
  const { reference, candidate } = place;
  if (typeof reference !== 'object' || typeof candidate !== 'object') return undefined;
  if (reference === null || candidate === null || Array.isArray(reference) !== Array.isArray(candidate))
    return undefined;
  const places: Place[] = [];
  if (Array.isArray(reference) && Array.isArray(candidate)) {
    const length = Math.max(reference.length, candidate.length);
    for (let i = 0; i < length; i++) {
      const [left, right] = [
        i < reference.length ? reference[i] : ABSENT,
        i < candidate.length ? candidate[i] : ABSENT,
      ];
      if (!isSameScalar(left, right)) places.push(step(place, String(i), left, right));
    }
    return places;
  }
  const [left, right] = [reference, candidate] as Readonly<Record<string, unknown>>[];
  if (left === undefined || right === undefined) return undefined;
  for (const name of Object.keys(left)) {
    const other = Object.hasOwn(right, name) ? right[name] : ABSENT;
    if (!isSameScalar(left[name], other)) places.push(step(place, name, left[name], other));
  }
  for (const name of Object.keys(right)) {
    if (!Object.hasOwn(left, name)) places.push(step(place, name, ABSENT, right[name]));
  }
  return places;
}

function step({ pointer, patterns, depth }: Place, name: string, reference: unknown, candidate: unknown): Place {
  return {
    reference,
    candidate,
    pointer: pointer.length > MAX_POINTER_LENGTH ? pointer : `${pointer}/${escapeStep(name)}`,
    patterns: patterns.length === 0 ? patterns : patterns.filter(({ steps }) => leadsTo(steps[depth], name)),
    depth: depth + 1,
  };
}

function leadsTo(step: string | undefined, name: string): boolean {
  return step === '*' || step === name;
}

function escapeStep(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
