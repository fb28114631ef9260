/** Exit codes, the one place that gives them. */
import { type ServiceError, status } from '@grpc/grpc-js';
import { CommanderError } from 'commander';
import { ConfigError } from '../config/problem.ts';

export const exit = { ok: 0, unexpected: 1, usage: 2, noSidecar: 3, refused: 4, notFound: 5 } as const;
export type ExitCode = (typeof exit)[keyof typeof exit];

export const exitHelp = `
Exit codes:
  0  done
  1  unexpected failure
  2  wrong usage or configuration
  3  no sidecar answers at the admin socket, or no Envoy at --envoy
  4  refused: another revision than expected, the change cannot be made now, or you may not;
     or an abort that is in force and could not be stored yet: it says so
  5  no such rollout or shadow`;

export const doctorExitHelp = `
Exit codes:
  0  no error was found; there may be warnings
  1  at least one error was found, or an unexpected failure
  2  wrong usage or configuration
  3  no Envoy answers at --envoy`;

export const planExitHelp = `
Exit codes:
  0  done
  1  a stage would be passed without any guard having judged it, or an unexpected failure
  2  wrong usage or configuration`;

/** What was asked for cannot be asked like this. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Nobody answers at the admin socket, or no longer. */
export class NoSidecarError extends Error {
  override readonly name = 'NoSidecarError';
}

/** No Envoy answers, or it is none. */
export class NoEnvoyError extends Error {
  override readonly name = 'NoEnvoyError';
}

/** The command has found an error and has printed it. */
export class FoundError extends Error {
  override readonly name = 'FoundError';
}

const exitOfStatus: Readonly<Partial<Record<status, ExitCode>>> = {
  [status.INVALID_ARGUMENT]: exit.usage,
  [status.NOT_FOUND]: exit.notFound,
  [status.FAILED_PRECONDITION]: exit.refused,
  [status.UNAVAILABLE]: exit.refused,
  [status.UNAUTHENTICATED]: exit.refused,
  [status.PERMISSION_DENIED]: exit.refused,
  [status.RESOURCE_EXHAUSTED]: exit.refused,
  [status.DEADLINE_EXCEEDED]: exit.noSidecar,
};

/** The exit code and the line for people; no line when commander has already said it. */
export function explainFailure(error: unknown): { readonly code: ExitCode; readonly line?: string } {
  if (error instanceof CommanderError) return { code: error.exitCode === 0 ? exit.ok : exit.usage };
  if (error instanceof ConfigError || error instanceof UsageError) return { code: exit.usage, line: error.message };
  if (error instanceof NoSidecarError || error instanceof NoEnvoyError)
    return { code: exit.noSidecar, line: error.message };
  if (error instanceof FoundError) return { code: exit.unexpected };
  if (isServiceError(error)) return { code: exitOfStatus[error.code] ?? exit.unexpected, line: error.details };
  return { code: exit.unexpected, line: String(error) };
}

export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error;
}
