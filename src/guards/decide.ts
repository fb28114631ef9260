/**
 * From what is known to a status. Only proof, or a limit that was broken long enough, fails; only what is shown passes; silence
 * does neither.
 */
import type { Finding, LimitSample } from './input.ts';
import type { LimitState } from './limit.ts';
import type { GuardSpec } from './spec.ts';
import { hasLimit, isLimit, restsOnEvidence } from './subject.ts';
import type { VerdictStatus } from './verdict.ts';

/** Nothing seen for so long is said, and is no answer. */
export const NO_DATA_MS = 300_000;

export interface Known {
  readonly finding: Finding;
  readonly sample: LimitSample | undefined;
  readonly limit: LimitState;
  readonly silentMs: number;
  readonly uncovered: boolean;
  readonly warmingUp: boolean;
  /** The verdict would rest on a split of units that is not as planned. */
  readonly splitBroken: boolean;
  /** Of a guard on `each` segment value: whether e-BH rejects it. Undefined: all traffic, or one scope. */
  readonly rejected: boolean | undefined;
}

/** Why the status is what it is, for the sentence. */
export type Reason =
  | 'proven'
  | 'broken'
  | 'pending'
  | 'within'
  | 'silent'
  | 'uncovered'
  | 'split'
  | 'warm-up'
  | 'too-few'
  | 'unproven'
  | 'seen';

export interface Decision {
  readonly status: VerdictStatus;
  readonly reason: Reason;
}

/** Of a guard that has a subject. */
export function decide(spec: GuardSpec, known: Known): Decision {
  if (known.splitBroken) return { status: 'hold', reason: 'split' };
  if (spec.what.metric === 'no-data') return presence(spec, known);
  const failed = failure(spec, known);
  if (failed === 'proven') return { status: 'fail', reason: failed };
  if (known.silentMs >= silenceMs(spec)) return silence(spec, known);
  if (failed !== undefined) return { status: 'fail', reason: failed };
  if (known.warmingUp) return { status: 'hold', reason: 'warm-up' };
  if (passes(spec, known)) return { status: 'pass', reason: 'within' };
  return { status: 'hold', reason: heldBy(spec, known) };
}

/** So long without anything seen is no data. Exposures ripen first, metrics sources are asked now and then. */
export function silenceMs({ what, forMs }: GuardSpec): number {
  if (what.metric === 'no-data') return forMs > 0 ? forMs : NO_DATA_MS;
  if (what.metric === 'outcome') return NO_DATA_MS + what.attributionMs;
  return what.metric === 'prometheus' ? NO_DATA_MS + what.everyMs : NO_DATA_MS;
}

function presence(spec: GuardSpec, { silentMs, uncovered }: Known): Decision {
  if (silentMs === 0) return { status: 'pass', reason: 'seen' };
  return { status: silentMs >= silenceMs(spec) ? 'no-data' : 'hold', reason: uncovered ? 'uncovered' : 'silent' };
}

/** One segment value of many may well have no traffic for a while: that is no reason to pause. */
function silence(spec: GuardSpec, { uncovered, limit, rejected }: Known): Decision {
  if (spec.missing === 'breach' && limit.phase === 'firing' && !restsOnEvidence(spec) && !uncovered) {
    return { status: 'fail', reason: 'broken' };
  }
  const status = spec.missing === 'ignore' || rejected !== undefined ? 'not-applicable' : 'no-data';
  return { status, reason: uncovered ? 'uncovered' : 'silent' };
}

/**
 * With evidence: harm is proven, and where `for` asks for it the limit was broken that long too; where there are too few for the
 * limit, the proof alone counts.
 */
function failure(spec: GuardSpec, { finding, sample, limit, rejected }: Known): Reason | undefined {
  if (!restsOnEvidence(spec)) return limit.phase === 'firing' ? 'broken' : undefined;
  if (!(rejected ?? finding.shown === 'harm')) return undefined;
  const isUnlimited = spec.forMs === 0 || sample?.value === undefined || sample.n < spec.minN;
  return isUnlimited || limit.phase === 'firing' ? 'proven' : undefined;
}

function passes(spec: GuardSpec, { finding, limit, rejected }: Known): boolean {
  const holds = limit.phase === 'ok' && limit.told;
  if (!restsOnEvidence(spec)) return holds;
  if (finding.shown === 'harm' || rejected === true || limit.phase === 'firing') return false;
  return finding.shown === 'fine' || (isLimit(spec) && holds);
}

function heldBy(spec: GuardSpec, { finding, sample, limit, uncovered, silentMs, rejected }: Known): Reason {
  if (limit.phase === 'pending' || (limit.phase === 'ok' && (rejected ?? finding.shown === 'harm'))) return 'pending';
  if (silentMs > 0 && finding.n === 0) return uncovered ? 'uncovered' : 'silent';
  if (limit.phase === 'firing') return 'unproven';
  const n = sample?.n ?? finding.n;
  return hasLimit(spec) && n < spec.minN ? 'too-few' : 'unproven';
}
