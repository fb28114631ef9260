/** What a webhook is told of an event: never a unit, a body or an address. */
import { type GuardRow, guardRow } from '../rollout/guard-table.ts';
import type { RolloutEvent } from '../rollout/store.ts';
import { wordOf } from './spec.ts';

/** A place of a release, before or after the event. */
interface Place {
  readonly phase?: string;
  readonly cause?: string;
  readonly stage?: string;
  readonly weightBp?: number;
}

const MAX_GUARDS = 50;
const MAX_TEXT = 2_000;

/** Unique over sidecars; the same each time the event is told. */
export function messageIdOf(sidecar: string, { number }: Pick<RolloutEvent, 'number'>): string {
  return `${sidecar}-${number}`;
}

/** The body, as JSON. Of the event's detail only places are passed on: the rest may be a whole spec. */
export function messageOf(sidecar: string, event: RolloutEvent): string {
  const { number, kind, rollout, release, actor, reason, revision, specRevision } = event;
  const { from, to } = mapIn(event.detail);
  return JSON.stringify({
    type: `rollout.${wordOf(kind) ?? 'other'}`,
    timestamp: new Date(event.timeMs).toISOString(),
    data: {
      ...{ event: number, kind, rollout, release },
      ...{ from: placeIn(from), to: placeIn(to), actor: short(actor), reason: short(reason) },
      ...{ guards: failing(event.guards), revision, specRevision, sidecar },
    },
  });
}

function placeIn(value: unknown): Place | undefined {
  if (!isMap(value)) return undefined;
  const { phase, cause, stage, weightBp } = value;
  return {
    ...(typeof phase === 'string' && { phase: short(phase) }),
    ...(typeof cause === 'string' && { cause: short(cause) }),
    ...(typeof stage === 'string' && { stage: short(stage) }),
    ...(typeof weightBp === 'number' && { weightBp }),
  };
}

/** Rows of guards that failed then. */
function failing(guards: string): GuardRow[] {
  const rows = read(guards);
  if (!Array.isArray(rows)) return [];
  return rows
    .filter((row): row is GuardRow => isMap(row) && row.status === 'fail')
    .slice(0, MAX_GUARDS)
    .map(guardRow);
}

function mapIn(text: string): Readonly<Record<string, unknown>> {
  const value = read(text);
  return isMap(value) ? value : {};
}

/** Undefined when it is no JSON: an event is told even so. */
function read(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function short(text: string): string {
  return text.slice(0, MAX_TEXT);
}
