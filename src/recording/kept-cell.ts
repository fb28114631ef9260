/** Which pairs one cell (rollout, shadow, segment) keeps, told by their numbers alone. Pure. */
import type { Difference, FieldDifference } from '../comparison/difference.ts';
import { magnitudeOf } from '../comparison/magnitude.ts';
import type { Pair, Side } from '../pairing/pair.ts';

/** What makes a pair worth keeping; the same in all its cells. */
export interface Traits {
  readonly fields: readonly FieldTraits[];
  /** `candidate timeout`, `reference without a value: wrong-type`, `different status`, `different body`. */
  readonly failures: readonly string[];
}

export interface FieldTraits {
  readonly name: string;
  /** Undefined: it does not differ, or cannot be measured. */
  readonly magnitude: number | undefined;
  /** Of the candidate's numbers; undefined without one. */
  readonly highest: number | undefined;
  readonly lowest: number | undefined;
}

export interface CellLimits {
  readonly perCell: number;
  readonly extremes: number;
}

/** The newest of a kind of failure is not replaced more often: a shadow that is down fails in every pair. */
const RENEW_MS = 1_000;
/** Fields of a release; a reload may rename them. */
const MAX_FIELDS = 64;
const NO_FAILURES: readonly string[] = [];

type Take = (slot: string, why: string) => void;

export class KeptCell {
  readonly #slot: string;
  readonly #where: string;
  readonly #limits: CellLimits;
  readonly #fields: FieldExtremes[] = [];
  /** Wall time of the pair that is kept, by failure. */
  readonly #failures = new Map<string, number>();
  #seen = 0;

  /** `slot` begins the name of every place of the cell; `where` is ` in state=CO`, empty for all traffic. */
  constructor(slot: string, where: string, limits: CellLimits) {
    this.#slot = slot;
    this.#where = where;
    this.#limits = limits;
  }

  /** Calls `take` for each place that the pair gets. */
  offer(pair: Pair, { fields, failures }: Traits, random: () => number, take: Take): void {
    this.#sample(random, take);
    for (let at = 0; at < fields.length; at++) this.#extremes(at, fields[at] as FieldTraits, take);
    for (let at = 0; at < failures.length; at++) this.#failure(failures[at] as string, pair.timeMs, take);
  }

  /** Algorithm R (Vitter, ACM TOMS 11(1) 1985): after n pairs each of them is in the sample with probability k/n. */
  #sample(random: () => number, take: Take): void {
    const { perCell } = this.#limits;
    this.#seen += 1;
    const at = this.#seen <= perCell ? this.#seen - 1 : Math.floor(random() * this.#seen);
    if (at < perCell) take(`${this.#slot}\0sample\0${at}`, `sample${this.#where}`);
  }

  #extremes(at: number, { name, magnitude, highest, lowest }: FieldTraits, take: Take): void {
    if (magnitude === undefined && highest === undefined) return;
    // fields come in the same order but after a reload
    const usual = this.#fields[at];
    const field = usual?.name === name ? usual : this.#fieldOf(name);
    if (field === undefined) return;
    if (magnitude !== undefined) this.#extreme(field.magnitude, magnitude, 'largest difference of', name, take);
    if (highest !== undefined) this.#extreme(field.highest, highest, 'highest', name, take);
    if (lowest !== undefined) this.#extreme(field.lowest, -lowest, 'lowest', name, take);
  }

  /** Undefined: there are too many. */
  #fieldOf(name: string): FieldExtremes | undefined {
    const known = this.#fields.find((field) => field.name === name);
    if (known !== undefined || this.#fields.length >= MAX_FIELDS) return known;
    const { extremes } = this.#limits;
    const [magnitude, highest, lowest] = [new Largest(extremes), new Largest(extremes), new Largest(extremes)];
    const field = { name, magnitude, highest, lowest };
    this.#fields.push(field);
    return field;
  }

  #extreme(largest: Largest, value: number, kind: string, name: string, take: Take): void {
    const at = largest.offer(value);
    if (at !== -1) take(`${this.#slot}\0${kind} ${name}\0${at}`, `${kind} ${name}${this.#where}`);
  }

  #failure(failure: string, timeMs: number, take: Take): void {
    const keptMs = this.#failures.get(failure);
    if (keptMs !== undefined && timeMs < keptMs + RENEW_MS) return;
    this.#failures.set(failure, timeMs);
    take(`${this.#slot}\0${failure}`, failure + this.#where);
  }
}

export function traitsOf({ difference, reference, candidate }: Pair): Traits {
  return {
    fields: difference.fields.map(traitsOfField),
    failures: failuresOf(difference, errorOf(reference), errorOf(candidate)),
  };
}

/** A user who went away is nobody's failure. */
function errorOf({ error }: Side): string | undefined {
  return error === 'aborted' ? undefined : error;
}

interface FieldExtremes {
  readonly name: string;
  readonly magnitude: Largest;
  readonly highest: Largest;
  readonly lowest: Largest;
}

/** The k largest values, each in a place that the next larger one takes over. */
class Largest {
  readonly #size: number;
  readonly #values: number[] = [];
  #smallestAt = 0;
  /** A value must be larger; infinite when there is no place at all. */
  #least: number;

  constructor(size: number) {
    this.#size = size;
    this.#least = size > 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  /** The place it gets; -1: there are enough that are as large. */
  offer(value: number): number {
    if (!(value > this.#least)) return -1;
    const values = this.#values;
    const at = values.length < this.#size ? values.length : this.#smallestAt;
    values[at] = value;
    if (values.length < this.#size) return at;
    this.#least = Math.min(...values);
    this.#smallestAt = values.indexOf(this.#least);
    return at;
  }
}

function traitsOfField(field: FieldDifference): FieldTraits {
  let highest: number | undefined;
  let lowest: number | undefined;
  for (const { candidate } of field.elements) {
    if (typeof candidate !== 'number' || !Number.isFinite(candidate)) continue;
    if (highest === undefined || candidate > highest) highest = candidate;
    if (lowest === undefined || candidate < lowest) lowest = candidate;
  }
  const magnitude = field.compared ? magnitudeOf(field) : undefined;
  // a side without a value has no magnitude worth comparing: it is kept by its failure
  const isMeasured = magnitude !== undefined && magnitude > 0 && Number.isFinite(magnitude);
  return { name: field.name, magnitude: isMeasured ? magnitude : undefined, highest, lowest };
}

function failuresOf(
  { fields, sameStatus, body }: Difference,
  referenceError: string | undefined,
  candidateError: string | undefined,
): readonly string[] {
  let found: Set<string> | undefined;
  const add = (failure: string) => {
    found ??= new Set();
    found.add(failure);
  };
  if (referenceError !== undefined) add(`reference ${referenceError}`);
  if (candidateError !== undefined) add(`candidate ${candidateError}`);
  if (!sameStatus) add('different status');
  // with fields, they say better what differs: a body may hold a random id
  if (fields.length === 0 && body === 'different') add('different body');
  for (const { elements } of fields) {
    for (const { missing } of elements) {
      // without an answer every value is missing: the error has said it
      if (missing.reference !== undefined && referenceError === undefined) {
        add(`reference without a value: ${missing.reference}`);
      }
      if (missing.candidate !== undefined && candidateError === undefined) {
        add(`candidate without a value: ${missing.candidate}`);
      }
    }
  }
  return found === undefined ? NO_FAILURES : [...found];
}
