/** What is known of the traffic to each rollout: said, seen by a sidecar, or assumed. */
import type { Rollout } from '../gen/understudy/admin/v1/admin.ts';
import { ASSUMED_TRAFFIC, type Traffic } from '../plan/traffic.ts';
import { ask, withAdmin } from './client.ts';
import { NoSidecarError } from './exit.ts';
import type { Settings } from './settings.ts';
import type { Terminal } from './terminal.ts';

export interface KnownTraffic extends Traffic {
  /** Where the rate is from. */
  readonly from: 'given' | 'seen' | 'assumed';
}

/** With fewer requests a share of errors says little. */
const LEAST_REQUESTS = 1_000;

/** By rollout. A sidecar that does not answer is none. */
export async function findTraffic(
  options: Settings & { readonly rate?: number },
  terminal: Terminal,
): Promise<(rollout: string) => KnownTraffic> {
  const seen = new Map<string, Partial<Traffic>>();
  try {
    await withAdmin(options, terminal, async (client) => {
      const { rollouts, sidecar } = await ask(client, client.listRollouts, {});
      const seconds = (Date.now() - (sidecar?.startedAtMs ?? Date.now())) / 1_000;
      for (const rollout of rollouts) seen.set(rollout.name, seenOf(rollout, seconds));
    });
  } catch (error) {
    if (!(error instanceof NoSidecarError)) throw error;
  }
  return (rollout) => {
    const known: Partial<Traffic> = seen.get(rollout) ?? {};
    const traffic = { ...ASSUMED_TRAFFIC, ...known };
    if (options.rate !== undefined) return { ...traffic, requestsPerSecond: options.rate, from: 'given' };
    return { ...traffic, from: known.requestsPerSecond === undefined ? 'assumed' : 'seen' };
  };
}

function seenOf({ decisions, arms }: Rollout, seconds: number): Partial<Traffic> {
  const requests = decisions
    .filter(({ reason }) => reason !== 'already-shadow')
    .reduce((sum, { count }) => sum + count, 0);
  const stable = arms.find(({ arm }) => arm === 'stable');
  const errors = Object.entries(stable?.errors ?? {}).reduce((sum, [kind, n]) => sum + (kind === 'aborted' ? 0 : n), 0);
  return {
    ...(requests > 0 && seconds > 0 && { requestsPerSecond: requests / seconds }),
    ...(stable !== undefined && stable.requests >= LEAST_REQUESTS && { errorRate: errors / stable.requests }),
  };
}
