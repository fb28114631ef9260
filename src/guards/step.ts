/** The judge without its methods, which are passed in. See judge.ts. */
import type { GuardMethod } from './input.ts';
import { judge, type MethodOf } from './judge-guard.ts';

import {
  type CellIndex,
  eachOf,
  indexCells,
  isSeen,
  isWarmingUp,
  printedScope,
  type Scope,
  scopeOf,
  selectInput,
  valuesOf,
} from './select.ts';
import type { GuardSpec } from './spec.ts';
import type { GuardState, Judged, JudgeState, SeenBlock, SegmentState } from './state.ts';
import { type Placed, subjectOf } from './subject.ts';
import { newTrack, resume, stepTrack } from './track.ts';

/** Values of a segment that are judged each on its own. */
export const MAX_EACH = 50;

export function newState(judged: Judged): JudgeState {
  const guards = judged.guards.map(emptyGuard);
  return { judged, guards, weightBp: undefined, seenMs: 0, verdicts: [] };
}

function emptyGuard(spec: GuardSpec): GuardState {
  return { segments: firstSegments(spec), droppedSegments: 0 };
}

function firstSegments(spec: GuardSpec): Record<string, SegmentState> {
  return eachOf(spec) === undefined ? { [printedScope(scopeOf(spec))]: newSegment() } : {};
}

function newSegment(): SegmentState {
  return { track: '', tracks: {}, silentMs: 0, uncovered: false, warmingUp: false, status: 'hold', sinceMs: 0 };
}

/** Takes one block. `state` is used up. */
export function step(methodOf: MethodOf, state: JudgeState, seen: SeenBlock): JudgeState {
  const { judged } = state;
  const index = indexCells(judged, seen.cells);
  for (const [at, spec] of judged.guards.entries()) {
    const guard = state.guards[at];
    if (guard !== undefined) stepGuard(methodOf(spec.what), judged, spec, guard, seen, index);
  }
  const stepped: JudgeState = { ...state, weightBp: seen.weightBp, seenMs: seen.startMs + seen.durationMs };
  return { ...stepped, verdicts: judge(methodOf, stepped) };
}

function stepGuard(
  method: GuardMethod<unknown>,
  judged: Judged,
  spec: GuardSpec,
  guard: GuardState,
  seen: SeenBlock,
  index: CellIndex,
): void {
  const placed = subjectOf(spec, seen.weightBp, judged);
  for (const scope of scopesOf(spec, guard, index)) {
    const name = printedScope(scope);
    guard.segments[name] ??= newSegment();
    stepSegment(method, judged, spec, guard.segments[name], placed, scope, seen, index);
  }
}

/** With `each`: the values there were, and new ones while there is room. */
function scopesOf(spec: GuardSpec, guard: GuardState, index: CellIndex): Scope[] {
  const segment = eachOf(spec);
  if (segment === undefined) return [scopeOf(spec)];
  const known = Object.keys(guard.segments).map((name) => name.slice(segment.length + 1));
  const values = new Set(known);
  let isFull = false;
  for (const value of valuesOf(index, segment)) {
    if (values.size < MAX_EACH) values.add(value);
    else if (!values.has(value)) isFull = true;
  }
  if (isFull) guard.droppedSegments++;
  return [...values].map((value) => ({ segment, values: [value] }));
}

function stepSegment(
  method: GuardMethod<unknown>,
  judged: Judged,
  spec: GuardSpec,
  segment: SegmentState,
  { subject }: Placed,
  scope: Scope,
  seen: SeenBlock,
  index: CellIndex,
): void {
  // what answers users is stable at weight 0 and canary from there on: these are two subjects
  const name = subject === 'none' ? '' : subject === 'users' && seen.weightBp === 0 ? 'users on stable' : subject;
  if (name !== segment.track) {
    segment.track = name;
    segment.silentMs = 0;
    const held = segment.tracks[name];
    if (held !== undefined) resume(held);
  }
  segment.warmingUp = isWarmingUp(spec, subject, seen);
  if (name === '') return;
  const track = segment.tracks[name] ?? newTrack(method, spec);
  segment.tracks[name] = track;
  const input = selectInput(judged, spec, subject, scope, seen, index);
  segment.uncovered = !seen.covered;
  segment.silentMs = seen.covered && isSeen(spec, input) ? 0 : segment.silentMs + seen.durationMs;
  stepTrack(method, spec, track, input, segment.silentMs);
}
