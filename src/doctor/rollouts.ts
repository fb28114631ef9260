import type { Config } from '../config/parse.ts';
import type { ListRolloutsResponse } from '../gen/understudy/admin/v1/admin.ts';

/** What checks ask about a rollout. */
export interface RolloutFacts {
  readonly name: string;
  /** Envoy route names. */
  readonly routes: readonly string[];
  readonly stable: string;
  readonly canary: string;
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
    return (sidecar?.rollouts ?? []).map(({ name, routes, stable, canary, shadows }) => {
      const clusters = { stable: stable?.cluster ?? '', canary: canary?.cluster ?? '' };
      return { name, routes, ...clusters, shadows, captures: false, locates: false };
    });
  }
  return config.rollouts.map(({ name, routes, stable, canary, shadows, capture, unit, segments }) => ({
    name,
    routes,
    stable: stable.cluster,
    canary: canary.cluster,
    shadows,
    captures: capture.requestBytes + capture.responseBytes > 0,
    locates: [...unit, ...Object.values(segments)].some((source) => 'client' in source || 'geoip' in source),
  }));
}

/** The most shadows any rollout has: so many mirror slots and loop routes are needed. */
export function slotCount(rollouts: readonly RolloutFacts[]): number {
  return Math.max(0, ...rollouts.map(({ shadows }) => shadows.length));
}
