/** From the state of guards to verdicts. */
import { eBenjaminiHochberg } from '../evidence/statistics/multiplicity.ts';
import { decide, type Known } from './decide.ts';
import type { Finding, GuardMethod } from './input.ts';
import { unitOf } from './numbers.ts';
import { eachOf } from './select.ts';
import { notApplicable, sentenceOf } from './sentence.ts';
import type { GuardMetric, GuardSpec } from './spec.ts';
import type { GuardState, JudgeState, SegmentState, TrackState } from './state.ts';
import { isLimit, isRelative, type Placed, restsOnEvidence, subjectOf } from './subject.ts';
import { sideOf, thresholdOf } from './threshold.ts';
import { sampleOf } from './track.ts';
import type { Verdict, VerdictStatus } from './verdict.ts';

export type MethodOf = (metric: GuardMetric) => GuardMethod<unknown>;

/** Share of false alarms among the segments that e-BH rejects. */
const SEGMENT_Q = 0.1;

/** Verdicts on all guards as they are now; notes in `state` since when. */
export function judge(methodOf: MethodOf, state: JudgeState): Verdict[] {
  const { judged, guards } = state;
  let splitBroken = false;
  const verdictsOf = (spec: GuardSpec, at: number): Verdict[] => {
    const guard = guards[at];
    return guard === undefined ? [] : judgeGuard(methodOf(spec.what), state, spec, guard, splitBroken);
  };
  // the split of units first: others rest on it
  const splits = judged.guards.map((spec, at) => (spec.what.metric === 'srm' ? verdictsOf(spec, at) : undefined));
  splitBroken = splits.some((verdicts) => verdicts?.some(({ status }) => status === 'fail'));
  return judged.guards.flatMap((spec, at) => splits[at] ?? verdictsOf(spec, at));
}

function judgeGuard(
  method: GuardMethod<unknown>,
  state: JudgeState,
  spec: GuardSpec,
  guard: GuardState,
  splitBroken: boolean,
): Verdict[] {
  const placed = subjectOf(spec, state.weightBp ?? 0, state.judged);
  const segments = Object.entries(guard.segments);
  const isEach = eachOf(spec) !== undefined;
  const eValues = segments.map(([, { tracks, track }]) => tracks[track]?.highestE ?? 0);
  const rejected = new Set(isEach ? eBenjaminiHochberg(eValues, SEGMENT_Q) : []);
  return segments.map(([name, segment], at) => {
    const isRejected = isEach ? rejected.has(at) : undefined;
    const track = segment.tracks[segment.track];
    const verdict =
      placed.subject === 'none' || track === undefined
        ? inapplicable(spec, name, placed)
        : verdictOf(
            method,
            spec,
            name,
            segment,
            track,
            placed,
            isRejected,
            splitBroken && isRelative(spec, placed.subject),
          );
    if (verdict.status !== segment.status || segment.sinceMs === 0) {
      segment.status = verdict.status;
      segment.sinceMs = state.seenMs;
    }
    return { ...verdict, sinceMs: segment.sinceMs };
  });
}

function verdictOf(
  method: GuardMethod<unknown>,
  spec: GuardSpec,
  segment: string,
  { silentMs, uncovered, warmingUp }: SegmentState,
  track: TrackState,
  { subject }: Placed,
  rejected: boolean | undefined,
  splitBroken: boolean,
): Verdict {
  const finding = method.find(spec, track.method);
  const sample = sampleOf(method, spec, track);
  const { limit } = track;
  const known: Known = { finding, sample, limit, silentMs, uncovered, warmingUp, splitBroken, rejected };
  const decision = decide(spec, known);
  const shown = shownOf(spec, finding, sample, decision.status);
  const threshold = thresholdOf(spec);
  const unit = unitOf(spec);
  const told = { ...decision, ...shown, threshold, unit, subject, brokenMs: limit.brokenMs, silentMs };
  const { broken: _, ...numbers } = shown;
  return {
    ...headOf(spec, segment),
    ...numbers,
    status: decision.status,
    subject,
    threshold,
    sentence: sentenceOf(spec, told),
  };
}

type Shown = Pick<Verdict, 'value' | 'lower' | 'upper' | 'n' | 'eValue' | 'windowMs' | 'needs'> & {
  readonly broken: boolean | undefined;
};

/** What the evidence rests on, or what the limit's window says: whichever the status comes from. */
function shownOf(spec: GuardSpec, finding: Finding, sample: ReturnType<typeof sampleOf>, status: VerdictStatus): Shown {
  const { needs } = finding;
  const eValue = finding.eValue === undefined ? undefined : Math.min(finding.eValue, Number.MAX_VALUE);
  if (sample?.value !== undefined && isOfWindow(spec, finding, status)) {
    const { value, n, windowMs, broken } = sample;
    return { value: finite(value), lower: undefined, upper: undefined, n, eValue, windowMs, needs, broken };
  }
  const [value, lower, upper] = [finding.value, finding.lower, finding.upper].map(finite);
  const { n, windowMs } = finding.n === 0 && sample !== undefined ? sample : finding;
  return { value, lower, upper, n, eValue, windowMs, needs, broken: undefined };
}

/** Evidence is of the whole life of a release: a limit may be broken, or hold, now and not over all of it. */
function isOfWindow(spec: GuardSpec, { value }: Finding, status: VerdictStatus): boolean {
  if (!restsOnEvidence(spec) || value === undefined) return true;
  if (!isLimit(spec)) return false;
  const isBeyond = sideOf(spec) === 'max' ? value > thresholdOf(spec) : value < thresholdOf(spec);
  return spec.forMs > 0 || (status === 'fail' && !isBeyond) || (status === 'pass' && isBeyond);
}

/** JSON knows no infinity, and -0 would not come back. */
function finite(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) ? value + 0 : undefined;
}

function inapplicable(spec: GuardSpec, segment: string, { why }: Placed): Verdict {
  return {
    ...headOf(spec, segment),
    status: 'not-applicable',
    subject: 'none',
    value: undefined,
    lower: undefined,
    upper: undefined,
    threshold: thresholdOf(spec),
    n: 0,
    eValue: undefined,
    windowMs: 0,
    needs: undefined,
    sentence: notApplicable(why),
  };
}

function headOf(
  spec: GuardSpec,
  segment: string,
): Pick<Verdict, 'guard' | 'metric' | 'segment' | 'unit' | 'action' | 'dryRun' | 'sinceMs'> {
  const { name, what, action, dryRun } = spec;
  return { guard: name, metric: what.metric, segment, unit: unitOf(spec), action, dryRun, sinceMs: 0 };
}
