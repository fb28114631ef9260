/** Where Envoy has each rollout's route, and the canary routes beside it. Pure. */
import type { Chain, PlacedRoute } from './chains.ts';
import type { Check, Sighting } from './check.ts';
import type { RouteAction } from './envoy-config.ts';
import type { RolloutFacts } from './rollouts.ts';
import type { View } from './view.ts';

/** A rollout's route where it was found, and the canary routes beside it. */
export interface Place {
  readonly rollout: RolloutFacts;
  readonly where: string;
  readonly stable: PlacedRoute;
  /** For the same requests, or to the rollout's canary. */
  readonly canaries: readonly { readonly placed: PlacedRoute; readonly isBefore: boolean }[];
}

/** The shortest timeout of any rollout's routes; undefined when none has one. */
export function shortestTimeoutMs(view: View): number | undefined {
  const timeouts = placesOf(view)
    .flatMap(bothRoutes)
    .map(({ route }) => route.route?.timeout ?? 0)
    .filter((ms) => ms > 0);
  return timeouts.length === 0 ? undefined : Math.min(...timeouts);
}

/** Clusters that a route may choose by itself. */
export function targetsOf(action: RouteAction | undefined): string[] {
  if (action === undefined) return [];
  return [action.cluster, ...(action.weighted_clusters?.clusters ?? []).map(({ name }) => name)].filter(Boolean);
}

/** A check of every place: what is wrong there, if anything. */
export function perPlace(check: Omit<Check, 'find' | 'needs'> & { find(place: Place): string | undefined }): Check {
  return {
    ...check,
    needs: 'rollouts',
    find: (view) =>
      placesOf(view).flatMap((place): Sighting[] => {
        const what = check.find(place);
        return what === undefined ? [] : [{ what, where: place.where }];
      }),
  };
}

/** Those that answer users of the rollout. */
export function bothRoutes({ stable, canaries }: Pick<Place, 'stable' | 'canaries'>): PlacedRoute[] {
  return [stable, ...canaries.slice(0, 1).map(({ placed }) => placed)];
}

/** What is found in the first of `items` that has something. */
export function firstOf<Item>(
  items: readonly Item[],
  find: (item: Item) => string | false | undefined,
): string | undefined {
  for (const item of items) {
    const what = find(item);
    if (what) return what;
  }
  return undefined;
}

/** Every place where Envoy has a rollout's route. */
export function placesOf({ rollouts, edges }: View): Place[] {
  return edges.flatMap((chain) =>
    rollouts.flatMap((rollout) =>
      rollout.routes.flatMap((name) => {
        const index = chain.routes.findIndex(({ route }) => route.name === name);
        const stable = chain.routes[index];
        if (stable === undefined) return [];
        const where = `listener ${chain.listener}, route ${name}`;
        return [{ rollout, where, stable, canaries: canariesOf(chain, index, stable, rollout) }];
      }),
    ),
  );
}

function canariesOf({ routes }: Chain, stableIndex: number, stable: PlacedRoute, rollout: RolloutFacts) {
  return routes
    .map((placed, index) => ({ placed, isBefore: index < stableIndex }))
    .filter(({ placed }) => {
      if (placed.virtualHost !== stable.virtualHost || !isForCanary(placed)) return false;
      return matchText(placed) === matchText(stable) || targetsOf(placed.route.route).includes(rollout.canary);
    });
}

function isForCanary({ route }: PlacedRoute): boolean {
  return route.match.headers.some(
    ({ name, string_match }) => name === 'x-understudy-arm' && string_match?.exact === 'canary',
  );
}

/** What a route matches, leaving our own header out. */
function matchText({ route: { match } }: PlacedRoute): string {
  return JSON.stringify({ ...match, headers: match.headers.filter(({ name }) => name !== 'x-understudy-arm') });
}
