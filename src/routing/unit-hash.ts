/** The keyed hash by which a unit is known outside of the decide thread. Pure. */
import { createHmac } from 'node:crypto';
import type { Unit } from './unit.ts';

/** 64 bits of HMAC-SHA256 under the store's key, hex: who it was must not leave the decide thread. */
export function hashUnit(keyHex: string, { source, value }: Pick<Unit, 'source' | 'value'>): string {
  return createHmac('sha256', Buffer.from(keyHex, 'hex')).update(`${source}\0${value}`).digest('hex').slice(0, 16);
}
