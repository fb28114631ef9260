/** How many copies a second a shadow gets: `maxPerSecond`, shared evenly by the decide threads. */
import type { Decision } from '../routing/decide.ts';
import type { RolloutSnapshot, Shadow, Snapshot } from '../routing/snapshot.ts';

export interface MirrorLimit {
  /** `decision` without the copies that are too many, which become skipped with `rate-limited`. `nowMs` is monotonic. */
  apply(decision: Decision, nowMs: number): Decision;
  /** Forgets the shadows that `snapshot` no longer has. */
  use(snapshot: Snapshot): void;
}

/** Tokens are copies that may be made at once. */
interface Bucket {
  tokens: number;
  atMs: number;
}

/**
 * A token bucket per shadow. It starts full and holds what one second brings, at least one copy: so a thread whose share
 * is below one a second still makes some.
 */
export function createMirrorLimit(decideThreads: number): MirrorLimit {
  const buckets = new Map<string, Bucket>();

  return {
    apply(decision, nowMs) {
      const { rollout, mirrors, skipped } = decision;
      if (mirrors.every(({ shadow }) => shadow.maxPerSecond === undefined)) return decision;
      const within = mirrors.filter(({ shadow }) => takes(rollout, shadow, nowMs));
      if (within.length === mirrors.length) return decision;
      const over = mirrors.filter((mirror) => !within.includes(mirror));
      const limited = over.map(({ shadow }) => ({ shadow, reason: 'rate-limited' as const }));
      return { ...decision, mirrors: within, skipped: [...skipped, ...limited] };
    },
    use({ rollouts }) {
      const known = new Set(rollouts.flatMap((rollout) => rollout.shadows.map((shadow) => keyOf(rollout, shadow))));
      for (const key of buckets.keys()) {
        if (!known.has(key)) buckets.delete(key);
      }
    },
  };

  function takes(rollout: RolloutSnapshot, shadow: Shadow, nowMs: number): boolean {
    if (shadow.maxPerSecond === undefined) return true;
    const perSecond = shadow.maxPerSecond / decideThreads;
    const burst = Math.max(1, perSecond);
    const key = keyOf(rollout, shadow);
    const bucket = buckets.get(key) ?? { tokens: burst, atMs: nowMs };
    // the limit may have changed since: the bucket then holds no more than the new one allows
    bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) / 1_000) * perSecond);
    bucket.atMs = nowMs;
    buckets.set(key, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}

function keyOf({ name }: RolloutSnapshot, shadow: Shadow): string {
  return `${name}\0${shadow.name}`;
}
