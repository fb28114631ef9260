/** What an entry of `stages` or `guards` means, complete. */
import { defaultAlpha } from '../guards/budget.ts';
import type { GuardMetric, GuardSpec, StageSpec, Threshold } from '../guards/spec.ts';
import type { Amount } from './amount.ts';
import type { Refuse } from './forms.ts';
import { DEFAULT_WARM_UP_MS, type LimitForm, type LimitKey, METRICS } from './guard-metrics.ts';
import type { GuardEntry, StageEntry } from './schema-guards.ts';
import { parseDuration } from './units.ts';

const LIMIT_KEYS = ['max', 'min', 'maxDrop'] as const satisfies readonly LimitKey[];
/** Every metric takes these. */
const COMMON: ReadonlySet<string> = new Set('name metric for missing action promote dryRun'.split(' '));
/** A stage is extended at least so long before a person is asked. */
const LEAST_AT_MOST_MS = 3_600_000;

export function toStage({ name, weight, scope, hold, approve }: StageEntry): StageSpec {
  const { time: timeMs, pairs, requests } = hold;
  const atMostMs = hold.atMost ?? Math.max(3 * timeMs, LEAST_AT_MOST_MS);
  return { name, weightBp: weight, scope, hold: { timeMs, pairs, requests, atMostMs }, approve };
}

/** Undefined after it has called `refuse`. */
export function toGuard(entry: GuardEntry, refuse: Refuse): GuardSpec | undefined {
  const form = METRICS[entry.metric];
  const strange = strangeKeys(entry);
  for (const key of strange) {
    refuse(`a key of metric ${entry.metric} (${takenKeys(entry).join(', ')})`, { path: [key], atKey: true });
  }
  const absent = form.required.filter((key) => entry[key as keyof GuardEntry] === undefined);
  for (const key of absent) refuse(`${key} with metric ${entry.metric}`);
  const threshold = toThreshold(entry, refuse);
  if (strange.length + absent.length > 0 || threshold === undefined) return undefined;

  const what = toMetric(entry);
  const isRelative = threshold.kind === 'above-stable' || threshold.kind === 'below-stable';
  const { defaults } = form;
  const evidence = entry.evidence ?? form.evidence;
  const each = Object.values(entry.scope).includes('each');
  // of many segments one always looks bad
  const action = entry.action ?? (each ? 'pause' : defaults.action);
  if (action === 'alert' && entry.promote !== undefined) {
    return refuse('no promote with action alert', { path: ['promote'], atKey: true, reason: 'it holds nothing up' });
  }
  return {
    name: entry.name,
    what,
    threshold,
    // what is proven need not last as well
    forMs: entry.for ?? (evidence === 'e-value' ? 0 : defaults.forMs),
    clear: entry.clear?.value,
    // what a metrics source says stands until it is asked again
    windowMs: entry.window ?? (what.metric === 'prometheus' ? what.everyMs : defaults.windowMs),
    minN: entry.minN ?? defaults.minN,
    missing: entry.missing,
    evidence,
    alpha: entry.alpha ?? defaultAlpha(what),
    warmUpMs: entry.warmUp ?? (isRelative && form.keys.includes('warmUp') ? DEFAULT_WARM_UP_MS : 0),
    action,
    promote: entry.promote ?? 'shown',
    dryRun: entry.dryRun,
    scope: entry.scope,
  };
}

/** Keys that say something the metric does not know: nothing is ever ignored. */
function strangeKeys(entry: GuardEntry): string[] {
  const taken = new Set([...COMMON, ...takenKeys(entry)]);
  return Object.entries(entry)
    .filter(
      ([key, value]) =>
        value !== undefined && !(key === 'scope' && Object.keys(entry.scope).length === 0) && !taken.has(key),
    )
    .map(([key]) => key);
}

function takenKeys({ metric }: GuardEntry): string[] {
  const { keys, limits } = METRICS[metric];
  const versus = limits.some((limit) => limit.versus) ? ['versus'] : [];
  return [...new Set([...keys, ...limits.map(({ key }) => key), ...versus])];
}

function toThreshold(entry: GuardEntry, refuse: Refuse): Threshold | undefined {
  const { limits } = METRICS[entry.metric];
  if (limits.length === 0) return { kind: 'max', value: 0 };
  const possible = limits.filter(({ versus }) => versus === (entry.versus !== undefined));
  const known = limits.map(({ key }) => key);
  const given = LIMIT_KEYS.filter((key) => entry[key] !== undefined && known.includes(key));
  const [key] = given;
  if (key === undefined || given.length > 1) {
    const ways = [...new Set((possible.length > 0 ? possible : limits).map((limit) => limit.key))];
    return refuse(`${ways.length > 1 ? 'exactly one of ' : ''}${ways.join(', ')} with metric ${entry.metric}`);
  }
  const limit = possible.find((candidate) => candidate.key === key);
  if (limit === undefined) {
    return entry.versus === undefined
      ? refuse(`versus: stable with ${key}`, { path: [key], atKey: true })
      : refuse(`no versus with ${key}`, { path: ['versus'], atKey: true });
  }
  const threshold = thresholdOf(limit, entry, refuse);
  const isClear = clearFits(limit, threshold, entry.clear, refuse);
  return isClear ? threshold : undefined;
}

function thresholdOf(
  limit: LimitForm,
  { [limit.key]: given, of, metric, measure }: GuardEntry,
  refuse: Refuse,
): Threshold | undefined {
  if (given === undefined) return undefined;
  const { key, units, expected, versus } = limit;
  if (!units.includes(given.unit)) {
    const isMargin = units.includes('points') || units.includes('relative');
    const reason = isMargin && given.unit === 'share' ? { reason: 'of what, a bare % does not say' } : {};
    return refuse(expected, { path: [key], ...reason });
  }
  if (given.unit === 'points' && (of === 'mean' || of === 'per-unit')) {
    return refuse('a share of what stable has, for example 2% relative', {
      path: [key],
      reason: `of: ${of} is no share`,
    });
  }
  if (given.unit === 'share' && given.value > 1) return refuse(expected, { path: [key], reason: 'more than all' });
  const isOfMean = metric === 'pair.difference' && given.unit === 'relative';
  if (isOfMean && measure !== undefined && measure !== 'difference') {
    return refuse('a number', { path: [key], reason: `${measure} is no difference` });
  }
  const { value } = given;
  if (key !== 'maxDrop' && !versus && !isOfMean) return { kind: key, value };
  const kind = key === 'maxDrop' ? 'below-stable' : 'above-stable';
  if (kind === 'below-stable' && value > 1) return refuse(expected, { path: [key], reason: 'more than all' });
  return given.unit === 'relative' ? { kind, relative: value } : { kind, points: value };
}

/** `clear` is written as its limit is, and on the good side of it. */
function clearFits(
  { units, expected }: LimitForm,
  threshold: Threshold | undefined,
  clear: Amount | undefined,
  refuse: Refuse,
): boolean {
  if (threshold === undefined || clear === undefined) return threshold !== undefined;
  if (threshold.kind !== 'max' && threshold.kind !== 'min') {
    refuse('no clear with a margin', { path: ['clear'], atKey: true });
    return false;
  }
  const side = threshold.kind === 'max' ? 'at most max' : 'at least min';
  const isGood = threshold.kind === 'max' ? clear.value <= threshold.value : clear.value >= threshold.value;
  if (units.includes(clear.unit) && isGood) return true;
  refuse(isGood ? expected : side, { path: ['clear'] });
  return false;
}

/** The form has seen that what is required is there. */
function toMetric(entry: GuardEntry): GuardMetric {
  const { metric, field = '', quantile = 0.5, outcome = '', url = '', query = '' } = entry;
  switch (metric) {
    case 'latency':
    case 'feature-fetch':
      return { metric, quantile };
    case 'pair.agreement':
      return { metric, field, net: entry.net ?? false };
    case 'pair.difference':
      return { metric, field, measure: entry.measure ?? 'difference' };
    case 'pair.shift':
      return { metric, field, quantile };
    case 'pair.overlap':
    case 'pair.missing':
      return { metric, field };
    case 'pair.drift':
      return { metric, field, statistic: entry.statistic ?? 'psi' };
    case 'outcome': {
      const attributionMs = entry.attribution ?? parseDuration('30m') ?? 0;
      return { metric, outcome, of: entry.of ?? 'ratio', attributionMs };
    }
    case 'prometheus':
      return { metric, url, query, everyMs: entry.every ?? parseDuration('30s') ?? 0 };
    default:
      return { metric };
  }
}
