import xxhash from 'xxhash-wasm';

const { h64 } = await xxhash();

/** Whether rows of this id are recorded: the same on every sidecar, and independent of what is mirrored. 0..10000. */
export function isSampled(id: string, sampleBp: number): boolean {
  return sampleBp >= 10_000 || (sampleBp > 0 && Number(h64(`recording\0${id}`) % 10_000n) < sampleBp);
}
