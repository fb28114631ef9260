/** What the extractor took out of one answer. Plain data. */
import type { Unread } from './answer.ts';

/**
 * Why there is no value. Of the whole answer: `no-answer` (none came, or it was cut off), `error` (HTTP 5xx, or a gRPC
 * status that blames the server), `refused` (HTTP 4xx, or a gRPC status that blames the request), `not-captured`, any word
 * of Unread, `not-json`, `no-elements` (no list where the batch should be). Of one value: `no-element` (the other side has
 * this element), `no-field`, `wrong-type`, `not-finite` (null or the text NaN, too, where a number should be), `too-large` (a
 * text over 65,536 UTF-16 units, a class over 256, a list over 10,000, JSON of over 10,000 values or 64 levels); for a
 * source in the request, why its body cannot be read.
 */
export type Missing =
  | 'no-answer'
  | 'error'
  | 'refused'
  | 'not-captured'
  | Unread
  | 'not-json'
  | 'no-elements'
  | 'no-element'
  | 'no-field'
  | 'wrong-type'
  | 'not-finite';

/**
 * A value in the form its comparator needs: number: a finite number; class: text (of booleans and numbers their JSON), or
 * a finite number when there is a threshold; vector: `number[]` or a map of name to number, all finite; ranking and set:
 * `RankedItem[]`; text: text; json: any JSON value.
 */
export type Value = unknown;

export interface RankedItem {
  /** Items are the same when their text is. */
  readonly item: string;
  readonly categories: readonly string[];
}

export type Extracted = { readonly value: Value; readonly amount?: number } | { readonly missing: Missing };

export interface Element {
  /** Undefined when elements are matched by position, and of an element that has no key. At most 256 UTF-16 units. */
  readonly key: string | undefined;
  /** By field name; every field of the spec is there. */
  readonly fields: Readonly<Record<string, Extracted>>;
}

export interface Prediction {
  /**
   * Why no element could be taken; then `elements` is empty. Where nothing is looked up in the body there is one element in
   * any case: of an error only its status has a value then.
   */
  readonly missing: Missing | undefined;
  /** At most 1,000; `cut` says how many more there were. */
  readonly elements: readonly Element[];
  readonly cut: number;
  readonly featureFetchMs: number | undefined;
}
