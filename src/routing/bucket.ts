/**
 * The bucket of a unit: xxHash64(salt 0x00 sourceKind 0x00 value, seed 0) mod 10000, over UTF-8.
 * The same unit has the same bucket on every sidecar and after every restart. Test vectors: test/unit/routing/bucket.test.ts.
 * Source: xxHash specification, https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
 */
import xxhash from 'xxhash-wasm';

const { h64 } = await xxhash();

/** Where a unit's value was found. */
export type SourceKind = 'header' | 'cookie' | 'client';

export const BUCKETS = 10_000;

/** Bucket 0..9999 of a unit; `bucket < weightBp` is canary, so raising a weight never moves a unit back. */
export function bucketOf(salt: string, sourceKind: SourceKind, value: string): number {
  return Number(h64(`${salt}\0${sourceKind}\0${value}`) % BigInt(BUCKETS));
}
