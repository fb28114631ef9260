/**
 * The guards under test: the methods of src/guards themselves, shown the counts of 10 s, without the engine around them that
 * makes verdicts and sentences of them (test/unit/bench/evidence.test.ts: both know the same, bit by bit). Of latencies the
 * counts above the edge are shown to the part of the method that takes counts.
 */
import { emptyArm, emptyPair } from '../../src/evidence/merge.ts';
import { ABOVE_RATE, BEYOND_QUANTILE, stepBinomial } from '../../src/evidence/statistics/binomial.ts';
import { stepMcNemar } from '../../src/evidence/statistics/mcnemar.ts';
import { evidence } from '../../src/evidence/statistics/start-mixture.ts';
import type { FieldSums, PairSums } from '../../src/evidence/sums.ts';
import type { GuardInput, RipeUnits } from '../../src/guards/input.ts';
import { errorRateMethod } from '../../src/guards/methods/error-rate.ts';
import { outcomeMethod } from '../../src/guards/methods/outcome.ts';
import { pairAgreementMethod } from '../../src/guards/methods/pair-agreement.ts';
import { compare } from '../../src/guards/methods/rate-comparison.ts';
import { findShareLimit, newShareLimit, stepShareLimit } from '../../src/guards/methods/share-limit.ts';
import { evidenceOf, newStrataBet, type StrataBet } from '../../src/guards/methods/strata-bet.ts';
import type { GuardMetric, GuardSpec, Threshold } from '../../src/guards/spec.ts';
import type { Arms } from './world.ts';

export const TICK_MS = 10_000;
const WARM_UP_MS = 120_000;
/** As src/guards/methods/latency-versus.ts. */
const EDGE_MS = 300_000;
const EVEN = { ratio: 1, points: 0 };

export function specOf(what: GuardMetric, threshold: Threshold, alpha: number): GuardSpec {
  const limit = { forMs: 0, clear: undefined, windowMs: 900_000, minN: 1, missing: 'hold' } as const;
  const rest = { warmUpMs: WARM_UP_MS, action: 'rollback', promote: 'shown', dryRun: false, scope: {} } as const;
  return { name: what.metric, what, threshold, evidence: 'e-value', alpha, ...limit, ...rest };
}

export const NO_WORSE: Threshold = { kind: 'above-stable', relative: 0 };
export const NO_LOWER: Threshold = { kind: 'below-stable', relative: 0 };

export function isWarm(sinceChangeMs: number | undefined): boolean {
  return sinceChangeMs === undefined || sinceChangeMs >= WARM_UP_MS;
}

function inputOf(changes: Partial<GuardInput>): GuardInput {
  const nothing = { arms: [], pairs: [], outcomes: [], sample: undefined, assigned: [] };
  const delivered = { decisions: 0, elsewhere: 0 };
  const block = { startMs: 0, durationMs: TICK_MS, covered: true, warmingUp: false, subject: 'canary' } as const;
  return { ...block, ...nothing, delivered, ...changes };
}

const EMPTY_ARM = emptyArm();

function armOf(requests: number, errors: number) {
  return { ...EMPTY_ARM, requests, errors: { 'http-5xx': errors } };
}

/** Errors against stable. `step` says whether harm is proven. */
export function newErrorGuard(alpha: number) {
  const spec = specOf({ metric: 'error-rate' }, NO_WORSE, alpha);
  let state = errorRateMethod.start(spec);
  const bet = (): StrataBet => (state.kind === 'stable' ? state.bet : newStrataBet());
  return {
    bet,
    step(weightBp: number, arms: Arms, errors: Arms, sinceChangeMs?: number): boolean {
      const cells = {
        weightBp,
        canary: armOf(arms.canary, errors.canary),
        stable: armOf(arms.stable, errors.stable),
      };
      state = errorRateMethod.step(spec, state, inputOf({ arms: [cells], warmingUp: !isWarm(sinceChangeMs) }));
      return evidenceOf(bet()) >= 1 / alpha;
    },
  };
}

/** Fewer stable latencies above a quantile do not tell where it is; as src/evidence/statistics/tail-exceedance.ts. */
const LEAST_BEYOND = 10;

/**
 * A latency quantile against stable's. `edge`: ln ms, undefined before the first; the caller counts above it, and takes a new
 * one of the `lagged` stable latencies when `step` asks for it.
 */
export function newLatencyGuard(
  q: number,
  alpha: number,
  start: { readonly bet: StrataBet; readonly edge: number | undefined },
) {
  let { bet } = start;
  let [lagged, lagMs] = [0, 0];
  const guard = {
    edge: start.edge,
    bet: () => bet,
    /** `above` the edge; not looked at before there is one. */
    step(weightBp: number, arms: Arms, above: Arms, takeEdge: (lagged: number) => number, sinceChangeMs?: number) {
      const { edge } = guard;
      const input = inputOf({ warmingUp: !isWarm(sinceChangeMs) });
      const cell = [arms.canary, arms.stable, above.canary, above.stable] as const;
      if (input.warmingUp) bet = compare(EVEN, bet, input, []);
      else if (edge !== undefined) bet = compare(EVEN, bet, input, [[String(weightBp), cell]]);
      lagged += arms.stable;
      lagMs += TICK_MS;
      const isFull = lagMs >= EDGE_MS;
      const isTold = (1 - q) * lagged >= LEAST_BEYOND - 1e-9;
      if (isTold && (isFull || edge === undefined)) guard.edge = takeEdge(lagged);
      if (isFull) [lagged, lagMs] = [0, 0];
      return evidenceOf(bet) >= 1 / alpha;
    },
  };
  return guard;
}

/** Evidence from the first block, in blocks of 10 s: a service that has been found to need no longer ones. */
export function eligibleBet(): StrataBet {
  const bet = newStrataBet();
  return { ...bet, seconds: 10, automatic: { ...bet.automatic, seconds: 10 } };
}

/** Click rate against stable's, of exposures without a unit. It is found once a minute, when its blocks close. */
export function newClickGuard(alpha: number, threshold: Threshold) {
  const spec = specOf({ metric: 'outcome', outcome: 'click', of: 'ratio', attributionMs: 0 }, threshold, alpha);
  let state = outcomeMethod.start(spec);
  const ripe = (weightBp: number, arm: 'stable' | 'canary', exposures: number, value: number): RipeUnits => {
    return { weightBp, arm, units: [{ unit: '', exposures, value }] };
  };
  return {
    step(weightBp: number, arms: Arms, clicks: Arms): boolean {
      const outcomes = [
        ripe(weightBp, 'canary', arms.canary, clicks.canary),
        ripe(weightBp, 'stable', arms.stable, clicks.stable),
      ];
      state = outcomeMethod.step(spec, state, inputOf({ outcomes }));
      return state.unitless.openMs === 0 && outcomeMethod.find(spec, state).shown === 'harm';
    },
  };
}

/** A share and its limit (errors at most 0.1 %; p95 at most 50 ms is at most 5 % above 50 ms). */
export function newLimitGuard(alpha: number, limit: number, of: 'rate' | 'quantile') {
  const ratios = of === 'rate' ? ABOVE_RATE : BEYOND_QUANTILE;
  let state = newShareLimit();
  return (n: number, events: number): boolean => {
    state = stepShareLimit(state, { n, events }, TICK_MS, limit, ratios);
    const { binomial, open } = state;
    // an interval costs much more than evidence, and without evidence it does not matter
    const isNear = binomial === null || evidence(stepBinomial(binomial, open.n, open.events).mixture) >= 1 / alpha;
    return isNear && findShareLimit(state, { alpha }, limit, ratios).shown === 'harm';
  };
}

/** Pairs of which each has a label of both models. */
export interface Labels {
  readonly pairs: number;
  readonly agreeing: number;
  /** Against a twin: only the candidate disagrees, only the twin. */
  readonly candidateOnly: number;
  readonly twinOnly: number;
}

export function newAgreementGuard(alpha: number, least: number, net: boolean) {
  const what = { metric: 'pair.agreement', field: 'label', net } as const;
  const spec = specOf(what, { kind: 'min', value: least }, alpha);
  let state = pairAgreementMethod.start(spec);
  return (labels: Labels): boolean => {
    state = pairAgreementMethod.step(spec, state, inputOf({ subject: 'pairs', pairs: [pairOf(labels)] }));
    // where the interval proves harm, that is as soon as a minute closes
    const isNear =
      state.kind === 'net'
        ? state.net.open.ms === 0 || netEvidence(state.net) >= 1 / alpha
        : shareEvidence(state.limit) >= 1 / alpha;
    return isNear && pairAgreementMethod.find(spec, state).shown === 'harm';
  };
}

function pairOf({ pairs, agreeing, candidateOnly, twinOnly }: Labels): { weightBp: number; pair: PairSums } {
  const noise = { both: 0, candidateOnly, twinOnly, neither: pairs - candidateOnly - twinOnly };
  const field = { name: 'label', pairs, agreeing, noise } as FieldSums;
  return { weightBp: 0, pair: { ...EMPTY_PAIR, pairs, fields: new Map([['label', field]]) } };
}

const EMPTY_PAIR = emptyPair();

type Agreement = ReturnType<typeof pairAgreementMethod.start>;

function netEvidence({ mcNemar, open }: Extract<Agreement, { kind: 'net' }>['net']): number {
  const opened = stepMcNemar(mcNemar, { candidateOnly: open.candidateOnly, otherOnly: open.twinOnly });
  return evidence(opened.mixture);
}

function shareEvidence({ binomial, open }: Extract<Agreement, { kind: 'share' }>['limit']): number {
  return binomial === null ? Infinity : evidence(stepBinomial(binomial, open.n, open.events).mixture);
}
