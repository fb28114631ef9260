/** What a rollout's `prediction:` says, complete and plain: it crosses threads with the snapshot. */

/**
 * How a body becomes elements, each a JSON value that `at` paths are looked up in:
 * `json`: the body is one element; `kserve-v1`, `tensorflow-serving`: one element for each of `/predictions` (TensorFlow's
 * `/results` and column form `/outputs` too); `kserve-v2`: one map of output name to value for each step of the first dimension;
 * `torchserve`: the body's list, or the body.
 */
export type Preset = 'json' | 'kserve-v1' | 'kserve-v2' | 'tensorflow-serving' | 'torchserve';

/** A JSON Pointer (RFC 6901: empty, or with a leading `/`) or a JSONPath (RFC 9535: with a leading `$`). */
export type Path = string;

/**
 * Where a value is: in an element of the answer's body; in the captured body of the request; a logged response header or
 * trailer (lower case); the HTTP status.
 */
export type Source =
  | { readonly at: Path }
  | { readonly request: Path }
  | { readonly header: string }
  | { readonly trailer: string }
  | { readonly status: true };

export interface PredictionSpec {
  readonly preset: Preset;
  /**
   * `at`: where the list of elements is in the body, instead of where the preset looks; `key`: where in an element its key
   * is: elements are then matched by key, otherwise by position.
   */
  readonly batch: { readonly at: Path | undefined; readonly key: Path | undefined };
  /** In the order of the file; names are unique. At most 32. */
  readonly fields: readonly FieldSpec[];
  readonly timings: { readonly featureFetch: TimingSource | undefined };
}

/**
 * A duration in the answer; `unitMs`: how many milliseconds one of it is (s = 1000, us = 0.001). `at` is looked up in the
 * whole body. Of the header or trailer `server-timing`: the `dur` of `feature-fetch`, `feature_fetch`, `features` or `fetch`,
 * else of the only metric that has one.
 */
export interface TimingSource {
  readonly source: Source;
  readonly unitMs: number;
}

export interface FieldSpec {
  readonly name: string;
  readonly source: Source;
  readonly compare: Comparator;
}

/** How the two values of a field are compared; shares and tolerances are fractions (1 % = 0.01). */
export type Comparator =
  | NumberComparator
  | ClassComparator
  | VectorComparator
  | RankingComparator
  | SetComparator
  | TextComparator
  | JsonComparator;

/** Agrees when |candidate - reference| <= abs + rel * |reference|. */
export interface NumberComparator {
  readonly kind: 'number';
  readonly abs: number;
  readonly rel: number;
}

/**
 * Agrees when both are the same class. With `threshold` the value is a score and its class is `score >= threshold`.
 * `amount`: what a flipped decision is worth.
 */
export interface ClassComparator {
  readonly kind: 'class';
  readonly threshold: number | undefined;
  readonly amount: Source | undefined;
}

/**
 * A list of numbers, or a map of name to number (feature attributions), each >= 0 or taken by absolute value and scaled
 * to sum 1. Agrees when the Jensen-Shannon divergence (bits, 0..1) is at most `maxDivergence`. Overlap of the `k` largest.
 */
export interface VectorComparator {
  readonly kind: 'vector';
  readonly maxDivergence: number;
  readonly k: number;
}

/**
 * A list of items, best first: texts, numbers, or maps whose item is at `item`. Agrees when overlap@k >= minOverlap.
 * `category`: where in an item's map its category (or list of them) is: diversity is then measured.
 */
export interface RankingComparator {
  readonly kind: 'ranking';
  readonly k: number;
  readonly minOverlap: number;
  readonly item: Path | undefined;
  readonly category: Path | undefined;
}

/** A list without order. Agrees when the Jaccard index >= minJaccard. */
export interface SetComparator {
  readonly kind: 'set';
  readonly minJaccard: number;
}

/** Agrees when the similarity of tokens (1 - edit distance / longer length) >= minSimilarity; 1 = same after normalisation. */
export interface TextComparator {
  readonly kind: 'text';
  readonly minSimilarity: number;
}

/** Any JSON. Agrees when nothing but `ignore` differs, numbers at `tolerances` within them. Paths are JSON Pointers; `*` is any step. */
export interface JsonComparator {
  readonly kind: 'json';
  readonly ignore: readonly string[];
  readonly tolerances: readonly { readonly at: string; readonly abs: number; readonly rel: number }[];
}
