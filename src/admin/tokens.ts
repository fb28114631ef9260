/** Tokens, asked for over the admin service. */
import type { StoredToken } from '../access/token.ts';
import type { TokenDesk } from '../access/token-desk.ts';
import type * as proto from '../gen/understudy/admin/v1/admin.ts';
import { RefusedError } from '../rollout/refused.ts';
import { nonEmpty } from './requests.ts';

/** All throw RefusedError. A line of the log says who made or revoked which, never the secret. */
export function tokenHandlers(parts: {
  /** Undefined: none are kept. */
  readonly tokens?: TokenDesk | undefined;
  readonly log?: ((line: string) => void) | undefined;
}) {
  const { tokens, log = console.log } = parts;
  const desk = (): TokenDesk => {
    if (tokens !== undefined) return tokens;
    throw new RefusedError('failed-precondition', 'tokens', 'no tokens are kept here');
  };
  return {
    createToken({ name, role, lifetimeMs, actor: by }: proto.CreateTokenRequest): proto.CreateTokenResponse {
      const { token, secret } = stored('made', () => desk().create({ name, role, lifetimeMs, by }));
      const until = new Date(token.expiresMs).toISOString();
      log(`token ${token.id} was made for ${name}, ${role} until ${until}: asked by ${JSON.stringify(by)}`);
      return { token: tokenMessage(token), secret };
    },
    listTokens(_: proto.ListTokensRequest): proto.ListTokensResponse {
      return { tokens: desk().list().map(tokenMessage) };
    },
    revokeToken({ id, actor }: proto.RevokeTokenRequest): proto.Token {
      const token = stored('revoked', () => desk().revoke(nonEmpty('id', id), actor));
      log(`token ${id} of ${token.name} was revoked: asked by ${JSON.stringify(actor)}`);
      return tokenMessage(token);
    },
  };
}

/** What the store throws is told as it is: the disk may be full. */
function stored<Answer>(done: string, work: () => Answer): Answer {
  try {
    return work();
  } catch (error) {
    if (error instanceof RefusedError) throw error;
    const message = `the change cannot be stored, and no token was ${done}: ${(error as Error).message}`;
    throw new RefusedError('unavailable', 'tokens', message, { cause: error });
  }
}

function tokenMessage(token: StoredToken): proto.Token {
  const { id, name, role, createdMs, createdBy, expiresMs, revokedMs, revokedBy } = token;
  return {
    ...{ id, name, role, createdBy },
    ...{ createdAtMs: createdMs, expiresAtMs: expiresMs, revokedAtMs: revokedMs, revokedBy: revokedBy ?? '' },
  };
}
