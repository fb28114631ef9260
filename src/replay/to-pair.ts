/** A recorded row and what a candidate answered to its request now, as a pair. Pure. */
import { compare } from '../comparison/compare.ts';
import type { ErrorKind, Pair } from '../pairing/pair.ts';
import type { Answer } from '../prediction/answer.ts';
import type { Prediction } from '../prediction/prediction.ts';
import type { RecordedRow } from '../recording/row.ts';
import type { RecordedPrediction } from './recorded-prediction.ts';

export interface Replayed {
  readonly answer: Answer;
  readonly error: ErrorKind | undefined;
  readonly prediction: Prediction;
}

/** The name that stands where a live pair has its shadow. */
export const REPLAY_SHADOW = 'replay';

/**
 * The reference is the recorded answer of the stable version; its body is not compared, for only some were kept. Segments
 * are those of then, so that both can be set beside each other. `to`: what was replayed to.
 */
export function pairOf(row: RecordedRow, recorded: RecordedPrediction, replayed: Replayed, to: string): Pair {
  const { answer, error, prediction } = replayed;
  const { reference } = row;
  const then: Answer = {
    status: reference.status,
    grpcStatus: reference.grpcStatus,
    latencyMs: reference.latencyMs,
    headers: {},
    trailers: {},
    body: undefined,
  };
  return {
    id: row.id,
    timeMs: row.timeMs,
    rollout: row.rollout,
    release: row.release,
    revision: row.revision,
    weightBp: row.weightBp,
    arm: row.arm,
    reason: row.reason,
    segments: row.segments,
    shadow: REPLAY_SHADOW,
    referenced: true,
    reference: { ...reference, details: '', error: reference.error as ErrorKind | undefined },
    candidate: {
      version: to,
      cluster: to,
      status: answer.status,
      grpcStatus: answer.grpcStatus,
      latencyMs: answer.latencyMs,
      details: '',
      error,
      featureFetchMs: prediction.featureFetchMs,
    },
    answeredBy: 'reference',
    difference: compare(then, answer, {
      spec: recorded.spec,
      reference: recorded.prediction,
      candidate: prediction,
      compared: true,
    }),
    // the request line and the body are those of then; who it was asked of is not
    unequal: ['host'],
    unit: row.unit,
    userLatencyMs: undefined,
    traceId: row.traceId,
  };
}
