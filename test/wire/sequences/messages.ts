/** Envoy's messages in short: RH, RB, RT = request headers, body, trailers; PH, PB, PT = those of the response. */
import type { HeaderValue } from '../../../src/gen/envoy/config/core/v3/base.ts';
import { ProcessingMode_BodySendMode } from '../../../src/gen/envoy/extensions/filters/http/ext_proc/v3/processing_mode.ts';
import {
  ProcessingRequest,
  ProcessingResponse,
} from '../../../src/gen/envoy/service/ext_proc/v3/external_processor.ts';

export interface Extra {
  /** `!` in the notes: nothing follows on this side. */
  readonly end?: boolean;
  /** Null: the header map is absent. A pair is sent in `raw_value`. */
  readonly headers?: readonly (HeaderValue | readonly [string, string | Buffer])[] | null;
  readonly body?: string | Buffer;
  /** Null: the attribute is absent. */
  readonly route?: string | null;
  readonly observed?: boolean;
  readonly protocol?: {
    readonly request?: ProcessingMode_BodySendMode;
    readonly response?: ProcessingMode_BodySendMode;
  };
  readonly metadata?: Record<string, Record<string, unknown>>;
}

export const MODE = ProcessingMode_BodySendMode;
export const USER = [
  [':method', 'GET'],
  [':path', '/rank'],
  ['x-user-id', 'u'],
] as const;

/** A header as it never comes from Envoy, but may come from others: in `value`. */
export const inValue = (key: string, value: string): HeaderValue => ({ key, value, rawValue: Buffer.alloc(0) });

export const RH = (extra: Extra = {}) => headers('requestHeaders', { headers: USER, ...extra });
export const PH = (extra: Extra = {}) => headers('responseHeaders', { headers: [[':status', '200']], ...extra });
export const RB = (extra: Extra = {}) => body('requestBody', extra);
export const PB = (extra: Extra = {}) => body('responseBody', extra);
export const RT = (extra: Extra = {}) => message({ $case: 'requestTrailers', value: {} }, extra);
export const PT = (extra: Extra = {}) => message({ $case: 'responseTrailers', value: {} }, extra);
export const nothing = (extra: Extra = {}) => message(undefined, extra);

function headers(phase: 'requestHeaders' | 'responseHeaders', extra: Extra): Buffer {
  const list = extra.headers?.map((header) =>
    'key' in header ? header : { key: header[0], value: '', rawValue: Buffer.from(header[1]) },
  );
  return message(
    {
      $case: phase,
      value: {
        headers: list === undefined ? undefined : { headers: list },
        attributes: {},
        endOfStream: extra.end ?? false,
      },
    },
    extra,
  );
}

function body(phase: 'requestBody' | 'responseBody', extra: Extra): Buffer {
  const value = {
    body: Buffer.from(extra.body ?? 'x'),
    endOfStream: extra.end ?? false,
    endOfStreamWithoutMessage: false,
    grpcMessageCompressed: false,
  };
  return message({ $case: phase, value }, extra);
}

function message(request: ProcessingRequest['request'], extra: Extra): Buffer {
  const { route = 'ranker', observed = false, protocol, metadata } = extra;
  const attributes = route === null ? {} : { 'envoy.filters.http.ext_proc': { 'xds.route_name': route } };
  const protocolConfig = protocol && {
    requestBodyMode: protocol.request ?? MODE.NONE,
    responseBodyMode: protocol.response ?? MODE.NONE,
    sendBodyWithoutWaitingForHeaderResponse: false,
  };
  const metadataContext = metadata && { filterMetadata: metadata, typedFilterMetadata: {} };
  return Buffer.from(
    ProcessingRequest.encode({
      request,
      attributes,
      observabilityMode: observed,
      protocolConfig,
      metadataContext,
    }).finish(),
  );
}

/**
 * An answer in short: its phase; for request headers also what was said: `untouched`, or the arm and the slots of the
 * shadows. Throws on an answer that Envoy would call a fault.
 */
export function shorten(answer: Buffer): string {
  const { response } = ProcessingResponse.decode(answer);
  if (response === undefined) throw new Error('an empty answer');
  // a tag and the length 0: nothing is said but the phase
  if (answer.length === 2) return response.$case === 'requestHeaders' ? 'requestHeaders untouched' : response.$case;
  const said = response.$case === 'requestHeaders' ? response.value.response : undefined;
  // without a mutation Envoy does not choose its route again, and without the choice the mutation is in vain
  if (!said?.clearRouteCache || said.headerMutation === undefined) throw new Error(`an odd ${response.$case}`);
  const headers = said.headerMutation.setHeaders.map(({ header }) => [header?.key ?? '', `${header?.rawValue}`]);
  const slots = headers.flatMap(([key]) => /^x-understudy-mirror-(\d)$/.exec(key ?? '')?.[1] ?? []);
  const arm = headers.find(([key]) => key === 'x-understudy-arm')?.[1];
  return `requestHeaders ${arm}${slots.length > 0 ? ` +${slots}` : ''}`;
}
