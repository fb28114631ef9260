/** What kind of error an exchange is. Pure. */
import { blamesServer } from '../prediction/fault.ts';
import type { Exchange } from './exchange.ts';
import type { ErrorKind } from './pair.ts';

/** Kinds that say something against a model or its server; `aborted` says something of the user. */
export function isError(kind: ErrorKind | undefined): boolean {
  return kind !== undefined && kind !== 'aborted';
}

/** By Envoy's response code details where it answered itself, else by what the model said. */
export function errorKindOf({ role, status, grpcStatus, details }: Exchange): ErrorKind | undefined {
  if (details.startsWith('downstream_') || details.startsWith('codec_error')) {
    // a shadow's downstream is our own loop: it goes away when the copy has outlived its time
    return role === 'shadow' ? 'timeout' : 'aborted';
  }
  if (details !== 'via_upstream' && details !== '') {
    if (/timeout|max_duration/.test(details)) return 'timeout';
    if (/reset/.test(details)) return details.includes('connection_failure') ? 'unavailable' : 'reset';
    if (/no_healthy_upstream|cluster_not_found|overflow|overload|connection_failure/.test(details))
      return 'unavailable';
  }
  if (status === 0) return 'no-answer';
  if (status >= 500) return 'http-5xx';
  return grpcStatus !== undefined && blamesServer(grpcStatus) ? 'grpc' : undefined;
}
