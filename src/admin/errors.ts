import { type StatusObject, status } from '@grpc/grpc-js';
import { type RefusedCode, RefusedError } from '../rollout/refused.ts';

const statusOf: Readonly<Record<RefusedCode, status>> = {
  'invalid-argument': status.INVALID_ARGUMENT,
  'not-found': status.NOT_FOUND,
  'failed-precondition': status.FAILED_PRECONDITION,
  unavailable: status.UNAVAILABLE,
  'resource-exhausted': status.RESOURCE_EXHAUSTED,
};

/** What a client is told of anything thrown: refusals as they are, all else is logged and answered with INTERNAL. */
export function toStatus(error: unknown): Pick<StatusObject, 'code' | 'details'> {
  if (error instanceof RefusedError) return { code: statusOf[error.code], details: `${error.field}: ${error.message}` };
  console.error('admin:', error);
  return { code: status.INTERNAL, details: 'unexpected failure, see the log of the sidecar' };
}
