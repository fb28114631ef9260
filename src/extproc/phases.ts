/** How far the two sides of one request have come, so that a message out of order is refused by its name. */
import { ProcessingMode_BodySendMode as BodyMode } from '../gen/envoy/extensions/filters/http/ext_proc/v3/processing_mode.ts';
import type { ProcessingRequest, ProtocolConfiguration } from '../gen/envoy/service/ext_proc/v3/external_processor.ts';
import { STATUS } from './transport.ts';

export interface Refusal {
  /** gRPC status to end the stream with. */
  readonly status: number;
  readonly reason: string;
}

/** Each step may only be followed by a later one; body chunks by more of them. */
const NOTHING = 0;
const HEADERS = 1;
const BODY = 2;
const END = 3;
const TRAILERS = 4;

/** One per stream: three small fields, because every request makes one. */
export class Phases {
  #request = NOTHING;
  #response = NOTHING;
  #first = true;

  /** Takes note of `message`; why it may not come now, or undefined. */
  enter(message: ProcessingRequest): Refusal | undefined {
    const { request, protocolConfig } = message;
    const first = this.#first;
    this.#first = false;
    if (protocolConfig !== undefined) {
      if (!first) return invalid('protocol_config on a later message than the first');
      const refusal = refuseMode(protocolConfig);
      if (refusal !== undefined) return refusal;
    }
    if (request === undefined) return invalid('a message without a phase');
    const isRequest =
      request.$case === 'requestHeaders' || request.$case === 'requestBody' || request.$case === 'requestTrailers';
    const reached = isRequest ? this.#request : this.#response;
    if (isRequest) this.#request = stepOf(request);
    else this.#response = stepOf(request);
    return reached <= LAST_BEFORE[request.$case] ? undefined : outOfOrder(request.$case, reached);
  }
}

type Message = NonNullable<ProcessingRequest['request']>;

/** The step after which a message of this phase may still come. */
const LAST_BEFORE: Readonly<Record<Message['$case'], number>> = {
  requestHeaders: NOTHING,
  requestBody: BODY,
  requestTrailers: END,
  responseHeaders: NOTHING,
  responseBody: BODY,
  responseTrailers: END,
};

function stepOf(message: Message): number {
  switch (message.$case) {
    case 'requestTrailers':
    case 'responseTrailers':
      return TRAILERS;
    case 'requestHeaders':
    case 'responseHeaders':
      return message.value.endOfStream ? END : HEADERS;
    default:
      return message.value.endOfStream ? END : BODY;
  }
}

function outOfOrder(phase: Message['$case'], reached: number): Refusal {
  const [side, part] = phase.split(/(?=[HBT])/) as [string, string];
  const before = ['', `${side} headers`, `${side} body`, `the end of the ${side}`, `${side} trailers`][reached];
  return invalid(`${side} ${part.toLowerCase()} after ${before}`);
}

/**
 * Envoy forwards what such a body is answered with: an OK end after the headers, which is right in all other modes, was
 * seen to send models an empty body. A 500 is seen when the filter is set up; an empty body never.
 */
function refuseMode({ requestBodyMode, responseBodyMode }: ProtocolConfiguration): Refusal | undefined {
  const refused = (mode: BodyMode) => mode === BodyMode.FULL_DUPLEX_STREAMED || mode === BodyMode.GRPC;
  if (refused(requestBodyMode)) return unimplemented('request_body_mode', requestBodyMode);
  return refused(responseBodyMode) ? unimplemented('response_body_mode', responseBodyMode) : undefined;
}

function unimplemented(field: string, mode: BodyMode): Refusal {
  const name = mode === BodyMode.GRPC ? 'GRPC' : 'FULL_DUPLEX_STREAMED';
  return { status: STATUS.unimplemented, reason: `${field} ${name} is not supported: use NONE` };
}

function invalid(reason: string): Refusal {
  return { status: STATUS.invalidArgument, reason };
}
