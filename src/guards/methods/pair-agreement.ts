/**
 * Share of pairs that agree about a field, at least `min`: binomial e-process of those that do not. `net`: without what a
 * second copy of stable (the twin) disagrees about too, so that a service that is noisy anyway does not look broken:
 * sequential McNemar on requests where only one of the two disagreed, and 1 - (candidate only - twin only) / all.
 */
import { ABOVE_RATE } from '../../evidence/statistics/binomial.ts';
import { sequenceOf } from '../../evidence/statistics/confidence-sequence.ts';
import { newMcNemar, stepMcNemar } from '../../evidence/statistics/mcnemar.ts';
import { BURN_IN_PAIRS, PLANNED_PAIRS } from '../../evidence/statistics/paired.ts';
import { sizeForHalfWidth } from '../../evidence/statistics/sample-size.ts';
import type { Split } from '../../evidence/statistics/split.ts';
import { evidence } from '../../evidence/statistics/start-mixture.ts';
import type { Finding, GuardInput, GuardMethod, LimitSample, LimitSums } from '../input.ts';
import type { GuardSpec } from '../spec.ts';
import { fieldsOf, sumOf } from './field.ts';
import { MINUTE_MS, NOTHING, needsOf, type Pace, PLANNED_MINUTES, stepPace } from './finding.ts';
import { findShareLimit, newShareLimit, type ShareLimit, stepShareLimit } from './share-limit.ts';
import { isLookedAt } from './side.ts';
import { leastShare } from './threshold.ts';

export type AgreementState =
  | { readonly kind: 'share'; readonly limit: ShareLimit }
  | { readonly kind: 'net'; readonly net: Net };

/** Requests that went to the candidate's shadow and to the twin. */
export interface Net {
  readonly mcNemar: Split;
  /** The open minute. */
  readonly open: { readonly ms: number; readonly candidateOnly: number; readonly twinOnly: number };
  readonly candidateOnly: number;
  readonly twinOnly: number;
  readonly n: number;
  readonly ms: number;
  readonly pace: Pace;
}

export const pairAgreementMethod: GuardMethod<AgreementState> = {
  sums(spec, input): LimitSums | undefined {
    if (isNet(spec)) {
      const { n, candidateOnly, twinOnly } = threeWay(spec, input);
      return n === 0 ? undefined : { n, candidateOnly, twinOnly };
    }
    const { n, events } = disagreeing(spec, input);
    return n === 0 ? undefined : { n, events };
  },

  read(spec, { n = 0, events = 0, candidateOnly = 0, twinOnly = 0 }): LimitSample {
    const lost = isNet(spec) ? candidateOnly - twinOnly : events;
    const isBroken = lost > (1 - leastShare(spec.threshold)) * n * (1 + 1e-12);
    return { value: n > 0 ? 1 - lost / n : undefined, n, broken: isBroken };
  },

  start(spec): AgreementState {
    return isNet(spec) ? { kind: 'net', net: newNet() } : { kind: 'share', limit: newShareLimit() };
  },

  step(spec, state, input): AgreementState {
    if (!isLookedAt(input)) return state;
    if (state.kind === 'net') return { kind: 'net', net: stepNet(state.net, threeWay(spec, input), input.durationMs) };
    const allowed = 1 - leastShare(spec.threshold);
    const limit = stepShareLimit(state.limit, disagreeing(spec, input), input.durationMs, allowed, ABOVE_RATE);
    return { kind: 'share', limit };
  },

  find(spec, state): Finding {
    if (state.kind === 'net') return findNet(spec, state.net);
    const found = findShareLimit(state.limit, spec, 1 - leastShare(spec.threshold), ABOVE_RATE);
    const { value, lower, upper } = found;
    if (value === undefined || lower === undefined || upper === undefined) return found;
    return { ...found, value: 1 - value, lower: 1 - upper, upper: 1 - lower };
  },
};

function isNet({ what }: GuardSpec): boolean {
  return what.metric === 'pair.agreement' && what.net;
}

function disagreeing(spec: GuardSpec, input: GuardInput) {
  const fields = fieldsOf(spec, input);
  return { n: sumOf(fields, ({ pairs }) => pairs), events: sumOf(fields, ({ pairs, agreeing }) => pairs - agreeing) };
}

function threeWay(spec: GuardSpec, input: GuardInput) {
  const fields = fieldsOf(spec, input);
  return {
    n: sumOf(fields, ({ noise }) => noise.both + noise.candidateOnly + noise.twinOnly + noise.neither),
    candidateOnly: sumOf(fields, ({ noise }) => noise.candidateOnly),
    twinOnly: sumOf(fields, ({ noise }) => noise.twinOnly),
  };
}

function newNet(): Net {
  const open = { ms: 0, candidateOnly: 0, twinOnly: 0 };
  const pace = { perSecond: null };
  return { mcNemar: newMcNemar(PLANNED_MINUTES), open, candidateOnly: 0, twinOnly: 0, n: 0, ms: 0, pace };
}

function stepNet(net: Net, { n, candidateOnly, twinOnly }: ReturnType<typeof threeWay>, durationMs: number): Net {
  const open = {
    ms: net.open.ms + durationMs,
    candidateOnly: net.open.candidateOnly + candidateOnly,
    twinOnly: net.open.twinOnly + twinOnly,
  };
  const next = {
    mcNemar: net.mcNemar,
    open,
    candidateOnly: net.candidateOnly + candidateOnly,
    twinOnly: net.twinOnly + twinOnly,
    n: net.n + n,
    ms: net.ms + durationMs,
    pace: stepPace(net.pace, n, durationMs),
  };
  if (open.ms + durationMs / 2 < MINUTE_MS) return next;
  const mcNemar = stepMcNemar(net.mcNemar, { candidateOnly: open.candidateOnly, otherOnly: open.twinOnly });
  return { ...next, mcNemar, open: { ms: 0, candidateOnly: 0, twinOnly: 0 } };
}

/** Harm: noisier than the twin, and by more than is allowed. */
function findNet(
  { alpha, threshold }: GuardSpec,
  { mcNemar, open, candidateOnly, twinOnly, n, ms, pace }: Net,
): Finding {
  if (n === 0) return { ...NOTHING, windowMs: ms };
  const least = leastShare(threshold);
  const opened = stepMcNemar(mcNemar, { candidateOnly: open.candidateOnly, otherOnly: open.twinOnly });
  const eValue = evidence(opened.mixture);
  const lost = (candidateOnly - twinOnly) / n;
  const value = 1 - lost;
  // Requests both agree on spread too little to tell: one more of each kind is taken as seen.
  const variance = (candidateOnly + twinOnly + 2) / n - lost * lost;
  const { lower, upper } =
    n < BURN_IN_PAIRS
      ? { lower: undefined, upper: undefined }
      : sequenceOf(value, Math.sqrt(Math.max(0, variance) / n), n, alpha, PLANNED_PAIRS);
  const isHarm = (eValue >= 1 / alpha && value < least) || (upper !== undefined && upper < least);
  const shown = isHarm ? 'harm' : lower !== undefined && lower >= least ? 'fine' : undefined;
  const distance = Math.abs(value - least);
  const needed = distance > 0 ? sizeForHalfWidth(distance, Math.sqrt(variance), alpha, PLANNED_PAIRS) : Infinity;
  const needs = shown === undefined ? needsOf(Math.max(needed, n + 1, BURN_IN_PAIRS), n, pace) : undefined;
  return { value, lower, upper, n, eValue, shown, windowMs: ms, needs };
}
