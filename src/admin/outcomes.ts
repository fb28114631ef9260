/** Outcomes as they come over the admin socket, and what they say of the models. */
import type { handleClientStreamingCall } from '@grpc/grpc-js';
import type * as proto from '../gen/understudy/admin/v1/admin.ts';
import { NOTHING_RECORDED, type Recorded, type SaidOutcome } from '../outcomes/outcome.ts';
import type { OutcomeDesk } from '../outcomes/outcome-desk.ts';
import type { Quality } from '../outcomes/truth.ts';
import { RefusedError } from '../rollout/refused.ts';
import { toStatus } from './errors.ts';

const MAX_OUTCOMES = 10_000;
/** Of a stream: stored together. */
const BATCH = 1_000;
const MAX_REASONS = 20;

export async function recordOutcomes(
  { outcomes }: proto.RecordOutcomesRequest,
  desk: OutcomeDesk | undefined,
): Promise<proto.RecordOutcomesResponse> {
  const asked = needDesk(desk);
  if (outcomes.length > MAX_OUTCOMES) {
    const message = `expected at most ${MAX_OUTCOMES}, found ${outcomes.length}; stream them`;
    throw new RefusedError('invalid-argument', 'outcomes', message);
  }
  return recordedMessage(await asked.record(outcomes.map(said)));
}

/** Reads on when what was read is stored: who says too much at once waits. */
export async function streamOutcomes(
  call: Parameters<handleClientStreamingCall<proto.Outcome, proto.RecordOutcomesResponse>>[0],
  callback: Parameters<handleClientStreamingCall<proto.Outcome, proto.RecordOutcomesResponse>>[1],
  desk: OutcomeDesk | undefined,
): Promise<void> {
  try {
    const asked = needDesk(desk);
    let sum = NOTHING_RECORDED;
    let [batch, before] = [[] as SaidOutcome[], 0];
    const store = async () => {
      const recorded = await asked.record(batch);
      sum = added(sum, recorded, before);
      before += batch.length;
      batch = [];
    };
    for await (const outcome of call) {
      batch.push(said(outcome));
      if (batch.length >= BATCH) await store();
    }
    await store();
    callback(null, recordedMessage(sum));
  } catch (error) {
    // who went away is told nothing
    if (!call.cancelled) callback(toStatus(error));
  }
}

export async function truthMessage(
  { name: rollout, release }: { readonly name: string; readonly release: string },
  desk: OutcomeDesk | undefined,
): Promise<proto.RolloutTruth> {
  const fields = await needDesk(desk).truth(rollout);
  return {
    rollout,
    release,
    fields: fields.map(({ field, candidate, kind, truths, sides, candidateAlone }) => ({
      ...{ field, candidate, kind, truths },
      referenceQuality: sides && qualityMessage(sides.reference),
      candidateQuality: sides && qualityMessage(sides.candidate),
      candidateAlone: candidateAlone && qualityMessage(candidateAlone),
    })),
  };
}

function needDesk(desk: OutcomeDesk | undefined): OutcomeDesk {
  if (desk !== undefined) return desk;
  throw new RefusedError('failed-precondition', 'outcomes', 'the configuration has no outcomes:, so none are taken');
}

function said({ value, timeMs, ...outcome }: proto.Outcome): SaidOutcome {
  return { ...outcome, value: value?.value, timeMs };
}

function recordedMessage({ refused, refusals, ...counts }: Recorded): proto.RecordOutcomesResponse {
  return { ...counts, refused: refusals, reasons: [...refused] };
}

/** `before`: how many were said before the second. */
function added(one: Recorded, other: Recorded, before: number): Recorded {
  const moved = other.refused.map(({ index, reason }) => ({ index: index + before, reason }));
  return {
    accepted: one.accepted + other.accepted,
    waiting: one.waiting + other.waiting,
    duplicate: one.duplicate + other.duplicate,
    unsampled: one.unsampled + other.unsampled,
    tooLate: one.tooLate + other.tooLate,
    refused: [...one.refused, ...moved].slice(0, MAX_REASONS),
    refusals: one.refusals + other.refusals,
  };
}

function qualityMessage(quality: Quality): proto.Quality {
  return {
    ...{ accuracy: undefined, meanAbsoluteError: undefined, meanSquaredError: undefined, bias: undefined },
    ...{ brier: undefined, logLoss: undefined, calibrationRatio: undefined, calibrationError: undefined },
    ...quality,
  };
}
