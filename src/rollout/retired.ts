/** Versions that a rollout no longer names, from its events. Pure. */
import type { Version } from '../routing/snapshot.ts';
import type { RolloutView } from './state.ts';
import type { EventKind, RolloutEvent } from './store.ts';

/** They say which versions answer users from then on. */
export const VERSION_EVENTS: readonly EventKind[] = ['release-started', 'spec-changed'];

/** Of those that were retired last. */
const MAX_RETIRED = 16;

export interface Retired extends Version {
  /** When another took its place, since the epoch. */
  readonly retiredAtMs: number;
}

/**
 * By cluster, for that is what can be taken down: those of `events` (VERSION_EVENTS, in any order) that the rollout does not
 * use now, the last retired first. Of a completed release it is the stable version too: nothing leads there any more.
 */
export function retiredVersions(
  {
    stable,
    canary,
    shadows,
    phase,
    updatedAtMs,
  }: Pick<RolloutView, 'stable' | 'canary' | 'shadows' | 'phase' | 'updatedAtMs'>,
  events: readonly Pick<RolloutEvent, 'number' | 'timeMs' | 'detail'>[],
): readonly Retired[] {
  const isOver = phase === 'completed';
  const used = new Set([...(isOver ? [] : [stable.cluster]), canary.cluster, ...shadows.map(({ cluster }) => cluster)]);
  const retired = new Map<string, Retired>();
  const ordered = events.toSorted((one, other) => one.number - other.number);
  for (const [index, { detail }] of ordered.entries()) {
    const next = ordered[index + 1];
    // in use to this day
    const retiredAtMs = next?.timeMs ?? updatedAtMs;
    for (const { cluster, version } of versionsIn(detail)) {
      if (!used.has(cluster)) retired.set(cluster, { cluster, version, retiredAtMs });
    }
  }
  return [...retired.values()].sort((one, other) => other.retiredAtMs - one.retiredAtMs).slice(0, MAX_RETIRED);
}

function versionsIn(detail: string): Version[] {
  const { stable, canary } = JSON.parse(detail) as { readonly stable?: unknown; readonly canary?: unknown };
  return [stable, canary].filter(isVersion);
}

function isVersion(value: unknown): value is Version {
  return typeof value === 'object' && value !== null && 'cluster' in value && 'version' in value;
}
