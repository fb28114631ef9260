/**
 * Ids of requests: 64 random bits drawn once and a 64-bit counter, as 32 hex digits. Unique over threads, sidecars and
 * restarts. Not `x-request-id`: clients may choose that, and it repeats.
 */
export function createIds(randomBytes: Uint8Array): () => string {
  if (randomBytes.length !== 8) throw new RangeError(`expected 8 random bytes, found ${randomBytes.length}`);
  const prefix = Buffer.from(randomBytes).toString('hex');
  let count = 0;
  return () => prefix + (count++).toString(16).padStart(16, '0');
}
