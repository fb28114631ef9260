/** Whom a guard looks at in one block: the two sides of a comparison by weight, or the one side a limit is about. */
import type { ArmSums, Counts, PairSums, SideSums, Sketch } from '../../evidence/sums.ts';
import type { ErrorKind } from '../../pairing/pair.ts';
import type { GuardInput } from '../input.ts';

/** What one side did in one block. */
export interface Side {
  readonly requests: number;
  /** Requests with an error; a user who went away is none. */
  readonly errors: number;
  readonly latency: Sketch;
  /** Requests that should have a latency and have none (time-out, no connection, dropped copy): slower than any. */
  readonly unanswered: number;
  readonly featureFetch: Sketch;
}

/** Both sides under one weight; of pairs, in `pairs`. Never pooled with another. */
export interface Stratum {
  readonly key: string;
  readonly canary: Side | undefined;
  readonly stable: Side | undefined;
}

/** Blocks of a comparison are skipped after a change of weight: caches are cold, and queues not yet what they will be. */
export function isCompared({ covered, warmingUp, subject }: GuardInput): boolean {
  return covered && !(warmingUp && subject === 'canary') && subject !== 'none';
}

/** Limits of what answers users are looked at also in a warm-up. */
export function isLookedAt({ covered, subject }: GuardInput): boolean {
  return covered && subject !== 'none';
}

export function strataOf(input: GuardInput): Stratum[] {
  if (input.subject === 'pairs') {
    return input.pairs.map(({ pair }) => ({
      key: 'pairs',
      canary: sideOfPairs(pair, pair.candidate),
      stable: sideOfPairs(pair, pair.reference),
    }));
  }
  return input.arms.map(({ weightBp, canary, stable }) => ({
    key: String(weightBp),
    canary: canary && sideOfArm(canary),
    stable: stable && sideOfArm(stable),
  }));
}

/** `candidate`: the shadow of the canary's version. */
export type Who = 'stable' | 'canary' | 'candidate';

/**
 * The one side a limit is about: of pairs the candidate; of what answers users the canary arm as soon as there is one (pooled
 * with stable's, what a small canary does to its users would not be seen), else stable.
 */
export function judgedOf(input: GuardInput): { readonly who: Who; readonly sides: readonly Side[] } {
  const strata = strataOf(input);
  const canary = strata.flatMap((stratum) => (stratum.canary === undefined ? [] : [stratum.canary]));
  if (input.subject === 'pairs') return { who: 'candidate', sides: canary };
  if (canary.length > 0 || input.subject === 'canary') return { who: 'canary', sides: canary };
  return { who: 'stable', sides: strata.flatMap((stratum) => (stratum.stable === undefined ? [] : [stratum.stable])) };
}

function sideOfArm({ requests, errors, latency, featureFetch }: ArmSums): Side {
  return sideOf(requests, errors, latency, featureFetch);
}

function sideOfPairs({ pairs }: PairSums, { errors, latency, featureFetch }: SideSums): Side {
  return sideOf(pairs, errors, latency, featureFetch);
}

function sideOf(requests: number, errors: Counts<ErrorKind>, latency: Sketch, featureFetch: Sketch): Side {
  const aborted = errors.aborted ?? 0;
  const all = Object.values(errors).reduce((sum, count) => sum + count, 0);
  const unanswered = Math.max(0, requests - aborted - latency.count);
  return { requests, errors: Math.min(requests, all - aborted), latency, unanswered, featureFetch };
}
