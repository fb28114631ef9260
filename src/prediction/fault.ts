/** Whether an answer is one at all, and whose fault it is when it is not. */
import type { Answer } from './answer.ts';

/**
 * gRPC codes that blame the server: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS.
 * Source: OpenTelemetry, Semantic conventions for gRPC, "Status", server side.
 */
const SERVER_CODES: ReadonlySet<number> = new Set([2, 4, 12, 13, 14, 15]);

export function blamesServer(grpcStatus: number): boolean {
  return SERVER_CODES.has(grpcStatus);
}

/** Words as in Missing; undefined: there is an answer to read. HTTP comes first, then gRPC: other codes but 0 blame the request. */
export function answerFault({ status, grpcStatus }: Answer): 'no-answer' | 'error' | 'refused' | undefined {
  if (status === 0) return 'no-answer';
  if (status >= 500) return 'error';
  if (status >= 400) return 'refused';
  if (grpcStatus === undefined || grpcStatus === 0) return undefined;
  return blamesServer(grpcStatus) ? 'error' : 'refused';
}
