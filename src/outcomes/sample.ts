import xxhash from 'xxhash-wasm';

const { h64 } = await xxhash();

/** Whether exposures and outcomes of this unit (keyed hash) are kept: all of them or none, on every sidecar. 0..10000. */
export function isUnitSampled(unit: string, sampleBp: number): boolean {
  return sampleBp >= 10_000 || (sampleBp > 0 && Number(h64(`outcomes\0${unit}`) % 10_000n) < sampleBp);
}
