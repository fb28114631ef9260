/** Tokens are made, listed, revoked and looked at here. */
import { RefusedError } from '../rollout/refused.ts';
import { DeniedError } from './denied.ts';
import { ROLES, roleOf } from './roles.ts';
import { hashOf, idOf, isSecretOf, newSecret, type StoredToken } from './token.ts';

/** Where tokens are kept. Every call is synchronous, on disk when it returns, and throws when it cannot be done. */
export interface TokenStore {
  /** The newest first. */
  tokens(): readonly StoredToken[];
  token(id: string): StoredToken | undefined;
  addToken(token: StoredToken): void;
  revokeToken(id: string, atMs: number, by: string): void;
  /** Lets go of those that expired or were revoked before. */
  dropTokens(beforeMs: number): void;
}

export interface TokenDesk {
  /** Throws RefusedError. The secret is in this answer and nowhere else. */
  create(wanted: NewToken): { readonly token: StoredToken; readonly secret: string };
  list(): readonly StoredToken[];
  /** Throws RefusedError. One that is revoked stays as it is. */
  revoke(id: string, by: string): StoredToken;
  /** Whose secret it is. Throws DeniedError when it opens nothing (any more). */
  logIn(secret: string): StoredToken;
}

export interface NewToken {
  readonly name: string;
  readonly role: string;
  readonly lifetimeMs: number;
  /** Who asks for it. */
  readonly by: string;
}

const MAX_TOKENS = 1_000;
const DAY_MS = 24 * 3_600_000;
export const MIN_LIFETIME_MS = 60_000;
export const MAX_LIFETIME_MS = 366 * DAY_MS;
/** So long people can see what became of a token. */
const KEEP_ENDED_MS = 90 * DAY_MS;
const NAME = /^[a-z0-9._@-]{1,64}$/;
const MAX_ACTOR = 200;

export function createTokenDesk(
  store: TokenStore,
  { nowMs, random }: { readonly nowMs: () => number; readonly random: (bytes: number) => Buffer },
): TokenDesk {
  return {
    create({ name, role: roleName, lifetimeMs, by }) {
      if (!NAME.test(name)) throw wrong('name', '1 to 64 of a-z, 0-9, -, ., _ and @', JSON.stringify(name));
      const role = roleOf(roleName);
      if (role === undefined)
        throw wrong('role', ROLES.join(', ').replace(/, (\w+)$/, ' or $1'), JSON.stringify(roleName));
      if (lifetimeMs < MIN_LIFETIME_MS || lifetimeMs > MAX_LIFETIME_MS)
        throw wrong(
          'lifetime_ms',
          `${MIN_LIFETIME_MS} (a minute) to ${MAX_LIFETIME_MS} (366 days)`,
          String(lifetimeMs),
        );
      checkActor(by);
      store.dropTokens(nowMs() - KEEP_ENDED_MS);
      if (store.tokens().length >= MAX_TOKENS) {
        const message = `there are ${MAX_TOKENS} tokens, and no more are kept; those that ended are let go after 90 days`;
        throw new RefusedError('resource-exhausted', 'name', message);
      }
      const { id, secret } = newSecret(random);
      const token: StoredToken = {
        ...{ id, name, role, hash: hashOf(secret) },
        ...{ createdMs: nowMs(), createdBy: by, expiresMs: nowMs() + lifetimeMs },
        ...{ revokedMs: undefined, revokedBy: undefined },
      };
      store.addToken(token);
      return { token, secret };
    },
    list: () => store.tokens(),
    revoke(id, by) {
      checkActor(by);
      store.revokeToken(id, nowMs(), by);
      const token = store.token(id);
      if (token === undefined) throw new RefusedError('not-found', 'id', `there is no token ${JSON.stringify(id)}`);
      return token;
    },
    logIn(secret) {
      const id = idOf(secret);
      const token = id === undefined ? undefined : store.token(id);
      if (!isSecretOf(token, secret) || token === undefined)
        throw new DeniedError('unauthenticated', 'authorization: this token is not known here');
      // whoever has the secret may know what became of it
      if (token.revokedMs !== undefined)
        throw new DeniedError('unauthenticated', `authorization: token ${token.id} (${token.name}) was revoked`);
      if (nowMs() >= token.expiresMs) {
        const when = new Date(token.expiresMs).toISOString();
        throw new DeniedError('unauthenticated', `authorization: token ${token.id} (${token.name}) expired at ${when}`);
      }
      return token;
    },
  };
}

function checkActor(by: string): void {
  if (by === '' || by.length > MAX_ACTOR) throw wrong('actor', `1 to ${MAX_ACTOR} characters`, String(by.length));
}

function wrong(field: string, expected: string, found: string): RefusedError {
  return new RefusedError('invalid-argument', field, `expected ${expected}, found ${found}`);
}
