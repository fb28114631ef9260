import type { ThreadState } from '../admin/observations.ts';

/** Why the sidecar is not ready, one sentence a reason; empty = every thread serves and none is about to stop. */
export function unready(threads: readonly ThreadState[], stopping: boolean): string[] {
  if (stopping) return ['the sidecar stops'];
  return threads.filter(({ state }) => state !== 'serving').map(({ name, state }) => `${name} is ${state}`);
}
