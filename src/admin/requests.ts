/** What may be asked: every function throws RefusedError `invalid-argument` that names the field. */
import type * as proto from '../gen/understudy/admin/v1/admin.ts';
import { RefusedError } from '../rollout/refused.ts';
import { addressOf, type RequestFacts } from '../routing/facts.ts';

const token = /^[\w!#$%&'*+.^`|~-]+$/;

/** `value`, or `whenZero` for the 0 of a field that was not set. */
export function inRange(field: string, value: number, range: { min: number; max: number; whenZero: number }): number {
  if (value === 0) return range.whenZero;
  if (value >= range.min && value <= range.max) return value;
  throw refuse(field, `expected ${range.min} to ${range.max}, found ${value}`);
}

export function nonEmpty(field: string, value: string): string {
  if (value === '') throw refuse(field, 'expected a non-empty text');
  return value;
}

const MAX_TEXT_LENGTH = 300;

/** Of what was seen elsewhere and is kept with an event; it is printed on terminals. */
export function printableText(field: string, value: string): string {
  if (value.length > MAX_TEXT_LENGTH)
    throw refuse(field, `expected at most ${MAX_TEXT_LENGTH} characters, found ${value.length}`);
  if (/\p{Cc}/u.test(value)) throw refuse(field, 'expected a text without control characters');
  return value;
}

/** The facts of a request that is only described; no method means GET. */
export function factsOf(request: proto.ExplainRequest): RequestFacts {
  const method = request.method === '' ? 'GET' : request.method;
  if (!token.test(method)) throw refuse('method', `expected an HTTP method, found ${JSON.stringify(method)}`);
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(request.headers)) {
    if (!token.test(name)) throw refuse('headers', `expected header names, found ${JSON.stringify(name)}`);
    if (headers.has(name.toLowerCase())) throw refuse('headers', `expected ${JSON.stringify(name)} once, in any case`);
    headers.set(name.toLowerCase(), value);
  }
  const route = nonEmpty('route', request.route);
  return {
    route,
    method,
    path: request.path,
    hasBody: request.hasBody,
    header: (name) => headers.get(name),
    clientAddress: addressOf(request.clientAddress),
    // a request that is only described is always sampled
    random: 0,
  };
}

/** Who asks for a change, and why: a message of its own in the requests that say more than that. */
export function changeOf({ change }: { readonly change?: proto.ChangeRequest | undefined }): proto.ChangeRequest {
  if (change === undefined) throw refuse('change', 'expected rollout, reason and actor, found nothing');
  return change;
}

function refuse(field: string, message: string): RefusedError {
  return new RefusedError('invalid-argument', field, message);
}
