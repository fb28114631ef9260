/** Signatures of Standard Webhooks. Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';
const MIN_BYTES = 24;
/** The new and the old one, while they are exchanged. */
const MAX_SECRETS = 2;

/**
 * The keys in the text of a secret, one a line: `whsec_` and base64, or plain text, which is taken as its UTF-8. Throws a
 * sentence, which does not hold the secret.
 */
export function keysIn(text: string): Uint8Array[] {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (lines.length === 0) throw new Error('expected a secret, found nothing');
  if (lines.length > MAX_SECRETS) throw new Error(`expected one secret or two, found ${lines.length} lines`);
  return lines.map(keyOf);
}

function keyOf(secret: string): Uint8Array {
  const key = secret.startsWith(PREFIX) ? fromBase64(secret.slice(PREFIX.length)) : Buffer.from(secret, 'utf8');
  if (key.length < MIN_BYTES) throw new Error(`expected a secret of at least ${MIN_BYTES} bytes, found ${key.length}`);
  return key;
}

function fromBase64(text: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw new Error(`expected base64 after ${PREFIX}, found something else`);
  return Buffer.from(text, 'base64');
}

/** `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, for each key; `timestampS` in whole seconds. */
export function signatureOf(keys: readonly Uint8Array[], id: string, timestampS: number, body: string): string {
  return keys
    .map((key) => `v1,${createHmac('sha256', key).update(`${id}.${timestampS}.${body}`).digest('base64')}`)
    .join(' ');
}
