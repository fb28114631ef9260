/** Pairs that are asked for: a list of those in memory, and one by its id. */
import * as proto from '../gen/understudy/admin/v1/admin.ts';
import type { Pair } from '../pairing/pair.ts';
import type { KeptPair } from '../recording/kept-pair.ts';
import type { RecordedRow } from '../recording/row.ts';
import { RefusedError } from '../rollout/refused.ts';
import type { Observations } from './observations.ts';
import { isWanted, type PairFilter } from './pair-filter.ts';
import { pairMessage, recordedMessage } from './pair-message.ts';
import { inRange, nonEmpty } from './requests.ts';

/** gRPC clients take messages of 4 MiB unless told otherwise. */
const MAX_ANSWER_BYTES = 3 * 1024 * 1024;
const ID = /^[0-9a-f]{32}$/;
const UNIT = /^[0-9a-f]{16}$/;
const MAX_UNITS = 1_000;

export interface HeldPair {
  readonly pair: Pair;
  /** Undefined: it is only recent. */
  readonly kept: KeptPair | undefined;
}

/** Recent pairs and kept ones, each once, the newest first. */
export function heldPairs(observations: Observations): readonly HeldPair[] {
  const held = new Map<string, HeldPair>();
  for (const pair of observations.recentPairs(1_000)) held.set(nameOf(pair), { pair, kept: undefined });
  for (const kept of observations.kept()) held.set(nameOf(kept.pair), { pair: kept.pair, kept });
  return [...held.values()].sort((one, other) => other.pair.timeMs - one.pair.timeMs);
}

/** A request has as many pairs as shadows that got a copy. */
export function nameOf({ id, shadow }: Pair): string {
  return `${id}\0${shadow}`;
}

export function listPairs(filter: PairFilter & { limit: number }, observations: Observations): proto.ListPairsResponse {
  const limit = inRange('limit', filter.limit, { min: 1, max: 1_000, whenZero: 50 });
  const pairs: proto.Pair[] = [];
  let bytes = 0;
  for (const { pair, kept } of heldPairs(observations)) {
    if (!isWanted(filter, pair, () => kept !== undefined)) continue;
    if (pairs.length === limit) break;
    const message = pairMessage(pair, { kept });
    bytes += proto.Pair.encode(message).finish().length;
    if (bytes > MAX_ANSWER_BYTES) return { pairs, cut: true };
    pairs.push(message);
  }
  return { pairs, cut: false };
}

export interface PairSources {
  readonly observations: Observations;
  readonly allowBodies: () => boolean;
  readonly findRecorded?: ((id: string) => Promise<RecordedRow | undefined>) | undefined;
}

/** Throws RefusedError. */
export async function getPair(request: proto.GetPairRequest, sources: PairSources): Promise<proto.GetPairResponse> {
  const { observations, allowBodies, findRecorded } = sources;
  const { id, shadow, includeBodies } = request;
  nonEmpty('id', id);
  if (!ID.test(id)) {
    throw new RefusedError('invalid-argument', 'id', `expected 32 hex digits, found ${JSON.stringify(id)}`);
  }
  if (includeBodies) needBodies(allowBodies);
  const isAsked = (pair: { readonly id: string; readonly shadow: string }) =>
    pair.id === id && (shadow === '' || pair.shadow === shadow);
  const pairs = heldPairs(observations)
    .filter(({ pair }) => isAsked(pair))
    .map(({ pair, kept }) => pairMessage(pair, { kept, includeBodies }));
  if (pairs.length > 0) return { pairs };
  const row = await findRecorded?.(id);
  if (row !== undefined && isAsked(row)) return { pairs: [recordedMessage(row, includeBodies)] };
  const among = shadow === '' ? id : `${id} with shadow ${JSON.stringify(shadow)}`;
  const hint =
    findRecorded === undefined
      ? 'it may be in a recording'
      : 'nor does the recording, which may hold only a sample or be a few seconds behind';
  throw new RefusedError(
    'not-found',
    'id',
    `memory no longer holds a pair ${among} (the newest 1,000, and those kept); ${hint}`,
  );
}

/** Throws RefusedError unless bodies may be shown. */
export function needBodies(allowBodies: () => boolean): void {
  if (allowBodies()) return;
  throw new RefusedError(
    'failed-precondition',
    'include_bodies',
    'bodies are shown only when the configuration of the sidecar has allowBodies: true',
  );
}

/** Throws RefusedError. `log` gets one line: who, why and how many. */
export function forgetUnit(
  { units, actor, reason }: proto.ForgetUnitRequest,
  observations: Observations,
  log: (line: string) => void,
): proto.ForgetUnitResponse {
  if (units.length === 0 || units.length > MAX_UNITS) {
    throw new RefusedError('invalid-argument', 'units', `expected 1 to ${MAX_UNITS} hashes, found ${units.length}`);
  }
  const wrong = units.find((unit) => !UNIT.test(unit));
  if (wrong !== undefined) {
    throw new RefusedError('invalid-argument', 'units', `expected 16 hex digits, found ${JSON.stringify(wrong)}`);
  }
  shortText('actor', actor, 200);
  shortText('reason', reason, 500);
  const pairs = observations.forgetUnits(new Set(units));
  log(
    `a unit was forgotten, with ${pairs} pairs in memory: asked by ${JSON.stringify(actor)}, ${JSON.stringify(reason)}`,
  );
  return { pairs };
}

function shortText(field: string, value: string, max: number): void {
  nonEmpty(field, value);
  if (value.length <= max) return;
  throw new RefusedError('invalid-argument', field, `expected at most ${max} characters, found ${value.length}`);
}
