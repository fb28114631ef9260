/** A decision in Envoy's words. Everything here ends up on the user's request, so nothing unclean may leave. */
import { HeaderValueOption_HeaderAppendAction } from '../gen/envoy/config/core/v3/base.ts';
import {
  CommonResponse_ResponseStatus,
  ProcessingResponse,
} from '../gen/envoy/service/ext_proc/v3/external_processor.ts';
import type { Decision } from '../routing/decide.ts';
import type { Snapshot } from '../routing/snapshot.ts';
import { hashUnit } from '../routing/unit-hash.ts';

/** The Envoy cluster that leads into the internal listener where shadows are called and logged. */
export const LOOP_CLUSTER = 'understudy_loop';
/** Namespace of the dynamic metadata that travels to production's access-log entry. */
export const DECISION_NAMESPACE = 'understudy.decision';

/** Envoy answers the user with 500, in spite of fail-open, when a value we write holds a control character. */
const CLEAN_VALUE = /^[\x20-\x7e]{1,255}$/;

/** The phases of an exchange that Envoy may show us. */
export type Phase =
  | 'requestHeaders'
  | 'responseHeaders'
  | 'requestBody'
  | 'responseBody'
  | 'requestTrailers'
  | 'responseTrailers';

/** "Carry on, nothing changed", by phase: an answer of another kind, or none, would be a fault to Envoy. */
export function continueAnswer(phase: Phase): Uint8Array {
  return encode({ $case: phase, value: {} } as ProcessingResponse['response']);
}

/** The headers and dynamic metadata of `decision`, to which `id` was given; `slot` is when it was made (decision-slot.ts). */
export function decisionAnswer(snapshot: Snapshot, decision: Decision, id: string, slot: number): Uint8Array {
  const setHeaders = controlHeaders(decision, id)
    .filter(([, value]) => CLEAN_VALUE.test(value))
    .map(([key, value]) => ({
      header: { key, value: '', rawValue: Buffer.from(value, 'latin1') },
      appendAction: HeaderValueOption_HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
      keepEmptyValue: false,
    }));
  return encode(
    {
      $case: 'requestHeaders',
      value: {
        response: {
          status: CommonResponse_ResponseStatus.CONTINUE,
          headerMutation: { setHeaders, removeHeaders: [] },
          // without it Envoy keeps the route it chose before our headers were there
          clearRouteCache: true,
        },
      },
    },
    { [DECISION_NAMESPACE]: decisionMetadata(snapshot, decision, slot) },
  );
}

/** In order; a mirror comes with its shadow or not at all. */
function controlHeaders(decision: Decision, id: string): (readonly [string, string])[] {
  const { requestBytes, responseBytes } = decision.rollout.capture;
  return [
    ['x-understudy-id', id],
    ['x-understudy-arm', decision.arm],
    ...(requestBytes + responseBytes > 0
      ? [['x-understudy-capture', `${requestBytes},${responseBytes}`] as const]
      : []),
    ...decision.mirrors
      .filter(({ shadow }) => CLEAN_VALUE.test(shadow.cluster))
      .flatMap(({ slot, shadow }) => [
        [`x-understudy-mirror-${slot}`, LOOP_CLUSTER] as const,
        [`x-understudy-shadow-${slot}`, shadow.cluster] as const,
      ]),
  ];
}

function decisionMetadata(snapshot: Snapshot, decision: Decision, slot: number): Record<string, unknown> {
  const { rollout, unit } = decision;
  return {
    rollout: rollout.name,
    release: rollout.release,
    revision: snapshot.revision,
    weightBp: decision.weightBp,
    reason: decision.reason,
    segments: decision.segments,
    unit: unit === undefined ? '' : hashUnit(snapshot.unitKey, unit),
    slot,
  };
}

function encode(response: ProcessingResponse['response'], dynamicMetadata?: Record<string, unknown>): Uint8Array {
  return ProcessingResponse.encode({
    response,
    dynamicMetadata,
    modeOverride: undefined,
    overrideMessageTimeout: undefined,
    requestDrain: false,
  }).finish();
}
