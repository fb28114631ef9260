/** How single values of understudy.yaml are written. */
import { z } from 'zod';
import { isLoopback } from '../sockets/loopback.ts';
import { list, type Refuse, read } from './forms.ts';
import {
  byteForm,
  durationForm,
  parseBytes,
  parseDuration,
  parsePercent,
  parseShare,
  percentForm,
  shareForm,
} from './units.ts';

// sun_path holds 108 bytes with its final NUL
const maxSocketPathBytes = 106;

/** Of a missing or blank text it is said what `missing` says. */
function like(form: RegExp, expected: string, missing = 'a non-empty text') {
  const isBlank = (value: unknown) => typeof value !== 'string' || value.trim() === '';
  return z
    .string({ error: missing })
    .regex(form, { error: ({ input }) => (isBlank(input) ? missing : expected), abort: true });
}

export const text = like(/\S/, 'a non-empty text');

// these become header values: what is illegal in one would give the user a 500
export const name = like(
  /^[!-~](?:[ -~]{0,126}[!-~])?$/,
  'printable ASCII without blanks at its ends, at most 128 characters',
);

const token = /^[\w!#$%&'*+.^`|~-]{1,128}$/;
export const headerName = like(token, 'a header name').transform((value) => value.toLowerCase());
export const cookieName = like(token, 'a cookie name');
export const methods = list(like(/^[A-Z]{1,20}$/, 'an HTTP method in capitals'), 'HTTP methods');

export const absolutePath = like(/^\/[^\0]*$/, 'an absolute path', 'an absolute path');

const isShort = (path: string) => Buffer.byteLength(path) <= maxSocketPathBytes;
export const socketPath = absolutePath.refine(isShort, `a socket path under ${maxSocketPathBytes + 1} bytes`);

const percentage = 'a percentage from 0% to 100% with at most 2 decimals';
/** Basis points. */
export const percent = like(percentForm, percentage, percentage).transform((value) => parsePercent(value) ?? 0);

const pointed = 'a JSON Pointer with at least one step, for example /user/email';
/** `*` is any step. */
export const pointer = like(/^(\/([^~/]|~[01])*)+$/, pointed, pointed);

/** Bytes; `maxText` as people write the bound. */
export function bytes(maxBytes: number, maxText: string, reason?: string, example = '64KiB') {
  const expected = `a size from 0 to ${maxText}, for example ${example}`;
  return read(
    (value, refuse) => {
      const size = typeof value === 'string' || typeof value === 'number' ? parseBytes(String(value)) : undefined;
      if (size === undefined) return refuse(expected);
      return size <= maxBytes ? size : refuse(expected, reason === undefined ? {} : { reason });
    },
    {
      anyOf: [
        { type: 'integer', minimum: 0, maximum: maxBytes },
        { type: 'string', pattern: byteForm.source },
      ],
    },
  );
}

/** Milliseconds; `minText` and `maxText` as people write the bounds. */
export function duration(minText: string, maxText: string, example: string) {
  const expected = `a time from ${minText} to ${maxText}, for example ${example}`;
  return like(durationForm, expected, expected)
    .transform((value) => parseDuration(value) ?? 0)
    .refine((value) => value >= (parseDuration(minText) ?? 0) && value <= (parseDuration(maxText) ?? 0), expected);
}

const share = 'a percentage from 0% to 100% with at most 6 decimals';
/** A fraction 0..1. */
export const fraction = like(shareForm, share, share).transform((value) => parseShare(value) ?? 0);

export function decimal(min: number, max: number) {
  const error = max === Number.MAX_VALUE ? `a number from ${min}` : `a number from ${min} to ${max}`;
  return z.number({ error }).min(min, error).max(max, error);
}

export function wholeNumber(min: number, max: number) {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, error).max(max, error);
}

const tcpAddress = /^(\[[0-9a-fA-F:.]+\]|[^:\s/]+):(\d{1,5})$/;
const maxPort = 65_535;

/** Absolute path, or `host:port` on loopback. */
export const socketAddress = read(
  (value, refuse) => {
    if (typeof value !== 'string' || !tcpAddress.test(value)) return readSocketPath(value, refuse);
    const reason = 'a plain socket that other machines reach would let them move traffic';
    return readLoopback(value, refuse, 'an absolute socket path, or a loopback address with a port', reason);
  },
  { type: 'string', description: 'An absolute path, or a loopback address with a port, for example 127.0.0.1:9000.' },
);

/** `host:port` on loopback. */
export const loopbackAddress = read(
  (value, refuse) => {
    const expected = 'a loopback address with a port, for example 127.0.0.1:9301';
    if (typeof value !== 'string' || !tcpAddress.test(value)) return refuse(expected);
    return readLoopback(value, refuse, expected, 'other machines have no business there');
  },
  { type: 'string' },
);

function readLoopback(value: string, refuse: Refuse, expected: string, reason: string): string | undefined {
  const [, host = '', port] = tcpAddress.exec(value) ?? [];
  if (Number(port) < 1 || Number(port) > maxPort) return refuse(`a port from 1 to ${maxPort}`);
  return isLoopback(host) ? value : refuse(expected, { reason });
}

function readSocketPath(
  value: unknown,
  refuse: Refuse,
  expected = 'an absolute socket path, or a loopback address with a port',
): string | undefined {
  const path = socketPath.safeParse(value);
  if (path.success) return path.data;
  const absolute = typeof value === 'string' && value.startsWith('/');
  return refuse(absolute ? (path.error.issues[0]?.message ?? 'a socket path') : expected);
}

const anySocket = 'an absolute socket path, or an address with a port';
/** Absolute path, or `host:port`. */
export const anySocketAddress = read(
  (value, refuse) => {
    const [, , port] = typeof value === 'string' ? (tcpAddress.exec(value) ?? []) : [];
    if (typeof value !== 'string' || port === undefined) return readSocketPath(value, refuse, anySocket);
    return Number(port) >= 1 && Number(port) <= maxPort ? value : refuse(`a port from 1 to ${maxPort}`);
  },
  { type: 'string', description: 'An absolute path, or an address with a port, for example 127.0.0.1:9000.' },
);

const withPort = 'an address with a port, for example 127.0.0.1:9464';
/** `host:port`; port 0 = any that is free. */
export const listenAddress = like(tcpAddress, withPort, withPort).refine(
  (value) => Number(tcpAddress.exec(value)?.[2]) <= maxPort,
  withPort,
);
