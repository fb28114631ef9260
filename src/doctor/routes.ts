/** Does each rollout's route lead where the rollout says? */
import { DEFAULT_LIMITS } from '../pairing/join.ts';
import type { Check } from './check.ts';
import type { RouteAction } from './envoy-config.ts';
import { bothRoutes, firstOf, perPlace, targetsOf } from './places.ts';

export const routeChecks: readonly Check[] = [
  {
    id: 'route-missing',
    severity: 'error',
    about: "A rollout's route is in no listener.",
    why: 'The rollout never gets a request: no canary, no shadow, no error.',
    mend: "Name the route in Envoy as the rollout's `route` says, or correct the rollout.",
    needs: 'rollouts',
    find: ({ rollouts, chains, loop }) =>
      rollouts.flatMap(({ name, routes }) =>
        routes
          .filter(
            (route) => !chains.some((chain) => chain !== loop && chain.routes.some((at) => at.route.name === route)),
          )
          .map((route) => ({ what: `no route is named ${route}`, where: `rollout ${name}` })),
      ),
  },
  perPlace({
    id: 'stable-route-elsewhere',
    severity: 'error',
    about: "A rollout's route leads to another cluster than its stable one, or than canary once that is completed.",
    why: 'Users are answered by what the rollout does not know, and comparisons name the wrong version.',
    mend: "Let the route lead to the rollout's stable cluster, once its release is completed to canary's, or correct the rollout.",
    find: ({ rollout, stable }) => elsewhere(stable.route.route, ...rollout.catchAlls),
  }),
  perPlace({
    id: 'canary-route-missing',
    severity: 'error',
    about: 'A rollout has no canary route.',
    why: 'Users who are moved to the canary are answered by stable, and nothing fails.',
    mend: 'Add, before the route, the same match with the header x-understudy-arm: canary, leading to the canary cluster.',
    find: ({ rollout, canaries }) =>
      canaries.length === 0 ? `no route to ${rollout.canary} asks for x-understudy-arm: canary` : undefined,
  }),
  perPlace({
    id: 'canary-route-late',
    severity: 'error',
    about: "The canary route stands behind the rollout's route.",
    why: 'Envoy takes the first route that matches: users who are moved to the canary are answered by stable.',
    mend: "Put the canary route before the rollout's route.",
    find: ({ canaries }) =>
      canaries.length > 0 && canaries.every(({ isBefore }) => !isBefore)
        ? `route ${canaries[0]?.placed.route.name} comes after it`
        : undefined,
  }),
  perPlace({
    id: 'canary-route-elsewhere',
    severity: 'error',
    about: 'The canary route leads to another cluster than the canary.',
    why: 'Users who are moved are answered by another version than the one that was rehearsed.',
    mend: "Let the canary route lead to the rollout's canary cluster, or correct the rollout.",
    find: ({ rollout, canaries }) => {
      const first = canaries.find(({ isBefore }) => isBefore);
      return first && elsewhere(first.placed.route.route, rollout.canary);
    },
  }),
  perPlace({
    id: 'route-outlasts-join',
    severity: 'warning',
    about: 'A route may take longer than Understudy waits for the other side of a pair.',
    why: `Pairs are joined within ${DEFAULT_LIMITS.windowMs / 1_000} s: slower requests stay unmatched, and the slow are what matters.`,
    mend: 'Give the route a timeout below that.',
    find: (place) =>
      firstOf(bothRoutes(place), ({ route }) => {
        const timeoutMs = route.route?.timeout;
        if (timeoutMs === undefined || (timeoutMs > 0 && timeoutMs < DEFAULT_LIMITS.windowMs)) return undefined;
        return `route ${route.name} has ${timeoutMs === 0 ? 'no timeout' : `a timeout of ${timeoutMs / 1_000} s`}`;
      }),
  }),
];

function elsewhere(action: RouteAction | undefined, ...wanted: readonly string[]): string | undefined {
  const targets = targetsOf(action);
  if (action?.cluster_header || (targets.length === 1 && wanted.includes(targets[0] ?? ''))) return undefined;
  return `it leads to ${targets.join(', ') || 'no cluster'}, not to ${wanted.join(' or ')}`;
}
