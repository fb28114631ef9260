/** A token: what its owner holds, and what is kept of it. Pure; chance is passed in. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Role } from './roles.ts';

/** What is kept: no secret. */
export interface StoredToken {
  /** 12 characters of a-z and 2-7. */
  readonly id: string;
  /** Who it is for. */
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the secret, 64 hex digits. The secret has 256 random bits, so it needs neither salt nor stretching. */
  readonly hash: string;
  /** Since the epoch, as all times here. */
  readonly createdMs: number;
  readonly createdBy: string;
  readonly expiresMs: number;
  readonly revokedMs: number | undefined;
  readonly revokedBy: string | undefined;
}

/** Of RFC 4648, in small letters. */
const ID_LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';
const ID_LENGTH = 12;
const SECRET_BYTES = 32;
const SECRET = /^us_([a-z2-7]{12})[\w-]{43}$/;

/** `us_`, the id, and 32 random bytes in base64url. `random` gives so many random bytes. */
export function newSecret(random: (bytes: number) => Buffer): { readonly id: string; readonly secret: string } {
  // 256 is a multiple of 32: each letter is as likely
  const id = [...random(ID_LENGTH)].map((byte) => ID_LETTERS[byte % ID_LETTERS.length]).join('');
  return { id, secret: `us_${id}${random(SECRET_BYTES).toString('base64url')}` };
}

/** The id in a secret; undefined when it is none. */
export function idOf(secret: string): string | undefined {
  return SECRET.exec(secret)?.[1];
}

export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Takes as long whether there is such a token or not, and however much of the secret is right. */
export function isSecretOf(token: Pick<StoredToken, 'hash'> | undefined, secret: string): boolean {
  const given = Buffer.from(hashOf(secret), 'hex');
  const same = timingSafeEqual(
    given,
    token === undefined ? Buffer.alloc(given.length) : Buffer.from(token.hash, 'hex'),
  );
  return token !== undefined && same;
}
