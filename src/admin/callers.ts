/** Who calls the admin service: by the door they come through, and what they show there. */
import type { Metadata } from '@grpc/grpc-js';
import type { AdminTcp } from '../access/admin-tcp.ts';
import { DeniedError } from '../access/denied.ts';
import type { Role } from '../access/roles.ts';
import type { TokenDesk } from '../access/token-desk.ts';

/** Whoever calls. */
export interface Caller {
  /** Of the token or certificate; undefined: who it is, only the request says. */
  readonly name: string | undefined;
  readonly role: Role;
}

/** What is known of a call before its request is looked at. */
export interface IncomingCall {
  readonly metadata: Metadata;
  getPeer(): string;
  getAuthContext(): { readonly sslPeerCertificate?: { readonly subject?: object; readonly subjectaltname?: string } };
}

/** Throws DeniedError. */
export type CallerOf = (call: IncomingCall) => Caller;

type TcpDoor = Pick<AdminTcp, 'auth' | 'clients'>;

const ANYBODY: Caller = { name: undefined, role: 'admin' };

/** By the Unix socket comes its owner, unless they show a token: then that counts. */
export function socketCallers(tokens: TokenDesk | undefined): CallerOf {
  return ({ metadata }) => byToken(metadata, tokens) ?? ANYBODY;
}

/** By TCP comes whoever has a token, or else a certificate with a role. */
export function tcpCallers({ auth, clients }: TcpDoor, tokens: TokenDesk | undefined): CallerOf {
  return (call) => {
    const known = byToken(call.metadata, tokens) ?? byCertificate(call, clients);
    if (known !== undefined) return known;
    if (auth === 'none') return ANYBODY;
    throw new DeniedError('unauthenticated', 'authorization: expected a token (Bearer us_...), found none');
  };
}

function byToken(metadata: Metadata, tokens: TokenDesk | undefined): Caller | undefined {
  const [given, ...more] = metadata.get('authorization');
  if (given === undefined) return undefined;
  const [, secret] = /^bearer +(\S+)$/i.exec(String(given)) ?? [];
  if (secret === undefined || more.length > 0)
    throw new DeniedError('unauthenticated', 'authorization: expected one token (Bearer us_...), found something else');
  if (tokens === undefined) throw new DeniedError('unauthenticated', 'authorization: no tokens are kept here');
  const { name, role } = tokens.logIn(secret);
  return { name, role };
}

/** grpc-js gives certificates only when they were verified. */
function byCertificate(call: IncomingCall, clients: TcpDoor['clients']): Caller | undefined {
  const { subject, subjectaltname = '' } = call.getAuthContext().sslPeerCertificate ?? {};
  const commonName = subject !== undefined && 'CN' in subject ? subject.CN : undefined;
  for (const name of [...urisOf(subjectaltname), ...(typeof commonName === 'string' ? [commonName] : [])]) {
    const role = Object.hasOwn(clients, name) ? clients[name] : undefined;
    if (role !== undefined) return { name, role };
  }
  return undefined;
}

/** One name of `DNS:a, URI:"b, c"`: Node writes those that could be taken for two as JSON. */
const ALTERNATIVE_NAME = /([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;

/** The URIs among the alternative names of a certificate, as Node writes them. */
export function urisOf(subjectaltname: string): string[] {
  const uris: string[] = [];
  for (ALTERNATIVE_NAME.lastIndex = 0; ; ) {
    const [, kind, value] = ALTERNATIVE_NAME.exec(subjectaltname) ?? [];
    if (kind === undefined || value === undefined) return uris;
    if (kind === 'URI') uris.push(value.startsWith('"') ? String(JSON.parse(value)) : value);
  }
}
