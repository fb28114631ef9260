/** A verdict in one line: "p95 61 ms > 50 ms for 15 min, n = 84,120, e = 412". */
import { type Decision, silenceMs } from './decide.ts';
import { grouped, printed, printedEvidence, printedMs, roughly, type Unit } from './numbers.ts';
import type { GuardMetric, GuardSpec } from './spec.ts';
import { isLimit, restsOnEvidence } from './subject.ts';
import { sideOf } from './threshold.ts';
import type { Subject, Verdict } from './verdict.ts';

export interface Told
  extends Decision,
    Pick<Verdict, 'value' | 'lower' | 'upper' | 'threshold' | 'n' | 'eValue' | 'needs'> {
  readonly subject: Subject;
  /** Exactly said by the limit's counters; undefined: there is no limit to ask. */
  readonly broken: boolean | undefined;
  /** Since when the limit is broken. */
  readonly brokenMs: number;
  readonly silentMs: number;
  readonly unit: Unit;
}

export function sentenceOf(spec: GuardSpec, told: Told): string {
  const { what } = spec;
  switch (told.reason) {
    case 'split':
      return `invalid while the split of units is not as planned: ${measured(spec, told)}`;
    case 'silent':
      return `${absence(spec, told.subject)} for ${printedMs(told.silentMs)}${told.status === 'no-data' ? '' : ` of ${printedMs(silenceMs(spec))}`}`;
    case 'uncovered':
      return `not covered for ${printedMs(told.silentMs)}: the sidecar was down, or more than 1 % of what should have been paired is unmatched`;
    case 'warm-up':
      return `warming up: not looked at for ${printedMs(spec.warmUpMs)} after a change of weight`;
    case 'seen':
      return `${told.subject === 'pairs' ? 'pairs' : 'traffic on canary'} seen`;
    case 'too-few':
      return `${subjectNoun(what, told.subject)} in ${printedMs(spec.windowMs)}: ${grouped(told.n)}, at least ${grouped(spec.minN)} are needed`;
    default:
      return measured(spec, told);
  }
}

/** `not applicable at weight 0: no shadow runs 2.0.0` */
export function notApplicable(why: string): string {
  return `not applicable ${why}`;
}

function measured(spec: GuardSpec, told: Told): string {
  if (told.n === 0 && told.value === undefined) return `nothing to tell by yet${needed(spec, told)}`;
  const n = `n = ${grouped(told.n)}`;
  const e = !restsOnEvidence(spec) || told.eValue === undefined ? undefined : `e = ${printedEvidence(told.eValue)}`;
  return [claim(spec, told), n, e].filter((part) => part !== undefined).join(', ') + needed(spec, told);
}

function claim(spec: GuardSpec, told: Told): string {
  if (spec.what.metric === 'srm') {
    return `split of units ${told.status === 'fail' ? 'not as planned' : 'as planned, as far as can be told'}`;
  }
  const label = `${labelOf(spec)}${isAgainstStable(spec) ? ' against stable' : ''}`;
  if (told.value === undefined) return `${label} not known`;
  const value = `${signed(spec, told.value, told.unit)}${bound(spec, told)}`;
  if (told.threshold === undefined) return `${label} ${value}`;
  return `${label} ${value} ${sign(spec, told)} ${signed(spec, told.threshold, told.unit)}${since(spec, told)}`;
}

/** Of pairs most metrics are themselves the comparison. */
function isAgainstStable(spec: GuardSpec): boolean {
  const { metric } = spec.what;
  return !isLimit(spec) && (metric === 'pair.missing' || !metric.startsWith('pair.'));
}

/** A change to either side; of outcomes it is said which side is meant. */
function isSigned(spec: GuardSpec): boolean {
  return isAgainstStable(spec) && spec.what.metric !== 'outcome';
}

function signed(spec: GuardSpec, value: number, unit: Unit): string {
  return `${isSigned(spec) && value > 0 ? '+' : ''}${printed(value, unit)}`;
}

/**
 * The end of the interval that decides: towards the good side of a harm, towards the bad side of what is fine. It is left out
 * where it would seem to say otherwise: harm may be proven by another test than the interval, and a plain limit may pass.
 */
function bound(spec: GuardSpec, { lower, upper, threshold, status, unit }: Told): string {
  const side = sideOf(spec);
  const isLower = (status === 'fail') === (side === 'max');
  const end = isLower ? lower : upper;
  if (!restsOnEvidence(spec) || end === undefined) return '';
  const isBeyond = threshold !== undefined && (side === 'min' ? end < threshold : end > threshold);
  if ((status === 'fail' && !isBeyond) || (status === 'pass' && isBeyond)) return '';
  return ` (at ${isLower ? 'least' : 'most'} ${signed(spec, end, unit)})`;
}

function sign(spec: GuardSpec, { broken, value, threshold, status }: Told): string {
  const isMin = sideOf(spec) === 'min';
  const isBeyond = value !== undefined && threshold !== undefined && (isMin ? value < threshold : value > threshold);
  if (broken ?? (status === 'fail' || isBeyond)) return isMin ? '<' : '>';
  return isMin ? '>=' : '<=';
}

function since(spec: GuardSpec, { reason, brokenMs, status }: Told): string {
  if (reason === 'pending' && brokenMs > 0) return ` for ${printedMs(brokenMs)} of ${printedMs(spec.forMs)}`;
  if (status === 'fail' && spec.forMs > 0 && brokenMs > 0) return ` for ${printedMs(brokenMs)}`;
  return '';
}

function needed(spec: GuardSpec, { needs, status, subject }: Told): string {
  if (status !== 'hold' || needs === undefined || needs.n <= 0) return '';
  const noun = subjectNoun(spec.what, subject);
  const time = needs.ms === undefined ? '' : `, ${printedMs(needs.ms)}`;
  return `, about ${roughly(needs.n)} more ${needs.n > 1 ? noun : noun.slice(0, -1)}${time}`;
}

function subjectNoun(what: GuardMetric, subject: Subject): string {
  if (what.metric === 'prometheus') return 'answers';
  if (what.metric === 'outcome' || what.metric === 'srm') return 'units';
  return subject === 'pairs' ? 'pairs' : 'requests';
}

function absence({ what }: GuardSpec, subject: Subject): string {
  switch (what.metric) {
    case 'prometheus':
      return 'no answer of the metrics source';
    case 'outcome':
      return `no ripe units of ${what.outcome} on canary`;
    case 'exposure':
      return 'no decisions';
    default:
      if (subject === 'pairs') return 'no pairs';
      return subject === 'users' ? 'no traffic of those on trial' : 'no traffic on canary';
  }
}

/** `p95`, `agreement of label` */
function labelOf(spec: GuardSpec): string {
  const { what } = spec;
  switch (what.metric) {
    case 'latency':
      return quantile(what.quantile);
    case 'feature-fetch':
      return `feature fetch ${quantile(what.quantile)}`;
    case 'error-rate':
      return 'errors';
    case 'pair.agreement':
      return `agreement of ${what.field}${what.net ? ' without noise' : ''}`;
    case 'pair.difference':
      return `mean ${what.measure} of ${what.field}`;
    case 'pair.shift':
      return `shift of the ${quantile(what.quantile)} of ${what.field}`;
    case 'pair.overlap':
      return `overlap of ${what.field}`;
    case 'pair.missing':
      return `missing ${what.field}`;
    case 'pair.drift':
      return `${what.statistic.toUpperCase()} of ${what.field}`;
    case 'outcome':
      return `${spec.threshold.kind === 'above-stable' ? 'rise' : 'drop'} of ${outcomeOf(what)}`;
    case 'exposure':
      return 'delivered by another cluster';
    default:
      return spec.name;
  }
}

function outcomeOf({ outcome, of }: GuardMetric & { readonly metric: 'outcome' }): string {
  return { ratio: outcome, mean: `mean ${outcome}`, 'per-unit': `${outcome} per unit` }[of];
}

/** 0.95: `p95`, 0.999: `p99.9` */
function quantile(q: number): string {
  return `p${Number((q * 100).toPrecision(6))}`;
}
