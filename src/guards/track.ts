/** One guard on one subject and segment: its method's evidence, and its limit. */
import type { GuardInput, GuardMethod, LimitSample } from './input.ts';
import { type LimitRule, newLimit, stepLimit, type Tick } from './limit.ts';
import { lengthMs, pushBlock, sumOf } from './ring.ts';
import { eachOf } from './select.ts';
import type { GuardSpec } from './spec.ts';
import type { TrackState } from './state.ts';
import { hasLimit } from './subject.ts';
import { sideOf, thresholdOf } from './threshold.ts';

/** Firing ends after so long within the limit. */
const KEEP_MS = 60_000;
/** So long without enough to look at, and the count of `for` starts anew. */
const MAX_GAP_MS = 60_000;

export function newTrack(method: GuardMethod<unknown>, spec: GuardSpec): TrackState {
  return { method: method.start(spec), ring: [], limit: newLimit(), highestE: 0 };
}

/** The limit looks anew; the evidence goes on. */
export function resume(track: TrackState): void {
  track.ring = [];
  track.limit = newLimit();
}

/** So long the newest data of a window still speak for the present. */
export function freshMs({ what }: GuardSpec): number {
  return what.metric === 'prometheus' ? Math.max(MAX_GAP_MS, 2 * what.everyMs) : MAX_GAP_MS;
}

/** Takes one block. `silentMs`: since something was last seen, with this block. Changes `track`. */
export function stepTrack(
  method: GuardMethod<unknown>,
  spec: GuardSpec,
  track: TrackState,
  input: GuardInput,
  silentMs: number,
): void {
  track.method = method.step(spec, track.method, input);
  const eValue = eachOf(spec) === undefined ? undefined : method.find(spec, track.method).eValue;
  if (eValue !== undefined) track.highestE = Math.max(track.highestE, Math.min(eValue, Number.MAX_VALUE));
  if (input.warmingUp || !hasLimit(spec)) return;
  if (input.covered) pushBlock(track.ring, spec.windowMs, input.durationMs, method.sums(spec, input) ?? {});
  const tick = tickOf(method, spec, track, input, silentMs);
  if (tick !== undefined) track.limit = stepLimit(ruleOf(spec, input), track.limit, tick, countedMs(spec, input));
}

/** Undefined: nothing new, though the window still speaks for the present. No time passes then, neither for `for` nor as a gap. */
function tickOf(
  method: GuardMethod<unknown>,
  spec: GuardSpec,
  track: TrackState,
  { covered }: GuardInput,
  silentMs: number,
): Tick | undefined {
  if (!covered || silentMs > freshMs(spec)) return 'missing';
  const sample = sampleOf(method, spec, track);
  if (sample?.value === undefined || sample.n < spec.minN) return 'missing';
  return silentMs > 0 ? undefined : { sample: sample.value, broken: sample.broken };
}

/** An answer of a metrics source stands for the time until the next is due. */
function countedMs({ what }: GuardSpec, { durationMs, sample }: GuardInput): number {
  return what.metric === 'prometheus' && sample !== undefined ? Math.max(what.everyMs, durationMs) : durationMs;
}

function ruleOf(spec: GuardSpec, { covered }: GuardInput): LimitRule {
  const { clear, forMs, what } = spec;
  // neither our own outage nor that of a metrics source may look like a breach
  const isOutage = !covered || what.metric === 'prometheus';
  const missing = isOutage && spec.missing === 'breach' ? 'hold' : spec.missing;
  const reset = clear === undefined ? 'strict' : 'hysteresis';
  const [side, threshold] = [sideOf(spec), thresholdOf(spec)];
  return { side, threshold, clear, reset, forMs, keepMs: KEEP_MS, maxGapMs: freshMs(spec), missing };
}

/** What the limit's window says; undefined: nothing was counted in it. */
export function sampleOf(
  method: GuardMethod<unknown>,
  spec: GuardSpec,
  track: TrackState,
): (LimitSample & { readonly windowMs: number }) | undefined {
  const sums = sumOf(track.ring);
  return sums && { ...method.read(spec, sums), windowMs: lengthMs(track.ring) };
}
