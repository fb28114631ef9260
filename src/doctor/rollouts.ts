import type { Config } from '../config/parse.ts';
import type { ListRolloutsResponse, Rollout } from '../gen/understudy/admin/v1/admin.ts';

const ALL_BP = 10_000;

/** What checks ask about a rollout. */
export interface RolloutFacts {
  readonly name: string;
  /** Envoy route names. */
  readonly routes: readonly string[];
  readonly stable: string;
  readonly canary: string;
  /** Clusters to which its routes may lead. */
  readonly catchAlls: readonly string[];
  /** Clusters by slot. */
  readonly shadows: readonly { readonly name: string; readonly cluster: string }[];
  /** It asks for bytes of bodies. */
  readonly captures: boolean;
  /** It needs the client's address. */
  readonly locates: boolean;
}

/** By the file, else as the sidecar runs them: then it is not known what they capture and locate. */
export function rolloutsOf(config: Config | undefined, sidecar: ListRolloutsResponse | undefined): RolloutFacts[] {
  if (config === undefined) {
    return (sidecar?.rollouts ?? []).map((rollout) => {
      const { name, routes, stable, canary, shadows } = rollout;
      const clusters = { stable: stable?.cluster ?? '', canary: canary?.cluster ?? '' };
      const catchAlls = catchAllsOf(clusters, rollout);
      return { name, routes, ...clusters, catchAlls, shadows, captures: false, locates: false };
    });
  }
  return config.rollouts.map(({ name, routes, stable, canary, shadows, capture, unit, segments }) => ({
    name,
    routes,
    stable: stable.cluster,
    canary: canary.cluster,
    catchAlls: catchAllsOf(
      { stable: stable.cluster, canary: canary.cluster },
      sidecar?.rollouts.find((live) => live.name === name),
    ),
    shadows,
    captures: capture.requestBytes + capture.responseBytes > 0,
    locates: [...unit, ...Object.values(segments)].some((source) => 'client' in source || 'geoip' in source),
  }));
}

/** Stable's; once everybody is on canary also canary's; once the release is completed only that. */
function catchAllsOf(
  { stable, canary }: { readonly stable: string; readonly canary: string },
  live: Rollout | undefined,
): string[] {
  if (live?.canary?.cluster !== canary) return [stable];
  if (live.phase === 'completed') return [canary];
  return live.weightBp === ALL_BP ? [stable, canary] : [stable];
}

/** The most shadows any rollout has: so many mirror slots and loop routes are needed. */
export function slotCount(rollouts: readonly RolloutFacts[]): number {
  return Math.max(0, ...rollouts.map(({ shadows }) => shadows.length));
}
