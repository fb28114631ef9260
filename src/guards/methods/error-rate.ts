/**
 * Share of requests with an error. A plain limit: binomial e-process (share-limit.ts). Against stable: block bets
 * (strata-bet.ts), so that one burst on one pod proves nothing.
 */
import { ABOVE_RATE } from '../../evidence/statistics/binomial.ts';
import type { Finding, GuardInput, GuardMethod, LimitSample, LimitSums } from '../input.ts';
import { compare, findRates } from './rate-comparison.ts';
import { readCells, readShare, sumsOfCells } from './rate-limit.ts';
import { findShareLimit, newShareLimit, type ShareLimit, stepShareLimit, type Trials } from './share-limit.ts';
import { isLookedAt, judgedOf, type Stratum, strataOf, type Who } from './side.ts';
import { type Cell, newStrataBet, type StrataBet } from './strata-bet.ts';
import { marginOf, numberOf, plainLimit } from './threshold.ts';

export type ErrorRateState =
  | { readonly kind: 'limit'; readonly who: Who | null; readonly limit: ShareLimit }
  | { readonly kind: 'stable'; readonly bet: StrataBet };

export const errorRateMethod: GuardMethod<ErrorRateState> = {
  sums(spec, input): LimitSums | undefined {
    if (plainLimit(spec.threshold) === undefined) return sumsOfCells(cellsOf(input));
    const { n, events } = trialsOf(input);
    return n === 0 ? undefined : { n, events };
  },

  read(spec, sums): LimitSample {
    const limit = plainLimit(spec.threshold);
    if (limit === undefined) return readCells(sums, marginOf(spec.threshold), 'points' in spec.threshold);
    return readShare(sums, limit);
  },

  start(spec): ErrorRateState {
    return plainLimit(spec.threshold) === undefined
      ? { kind: 'stable', bet: newStrataBet() }
      : { kind: 'limit', who: null, limit: newShareLimit() };
  },

  step(spec, state, input): ErrorRateState {
    if (state.kind === 'stable')
      return { kind: 'stable', bet: compare(marginOf(spec.threshold), state.bet, input, cellsOf(input)) };
    if (!isLookedAt(input)) return state;
    const { who } = judgedOf(input);
    const trials = trialsOf(input);
    const isSame = state.who === null || state.who === who || trials.n === 0;
    const limit = stepShareLimit(
      isSame ? state.limit : newShareLimit(),
      trials,
      input.durationMs,
      numberOf(spec.threshold),
      ABOVE_RATE,
    );
    return { kind: 'limit', who: trials.n > 0 ? who : state.who, limit };
  },

  find(spec, state): Finding {
    if (state.kind === 'limit') return findShareLimit(state.limit, spec, numberOf(spec.threshold), ABOVE_RATE);
    return findRates(spec, state.bet);
  },
};

function trialsOf(input: GuardInput): Trials {
  const { sides } = judgedOf(input);
  return {
    n: sides.reduce((sum, { requests }) => sum + requests, 0),
    events: sides.reduce((sum, { errors }) => sum + errors, 0),
  };
}

function cellsOf(input: GuardInput): readonly (readonly [string, Cell])[] {
  return strataOf(input).map(({ key, canary, stable }: Stratum) => {
    return [key, [canary?.requests ?? 0, stable?.requests ?? 0, canary?.errors ?? 0, stable?.errors ?? 0]] as const;
  });
}
