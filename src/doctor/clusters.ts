/** Do a rollout's clusters exist, and keep users apart from shadows? */
import type { Check } from './check.ts';
import { targetsOf } from './places.ts';
import { statName } from './view.ts';

export const clusterChecks: readonly Check[] = [
  {
    id: 'cluster-missing',
    severity: 'error',
    about: 'A rollout names a cluster that Envoy does not have.',
    why: 'A typo here is no shadow and no error; for an arm, users get a 503.',
    mend: 'Correct the name in understudy.yaml, or add the cluster to Envoy.',
    needs: 'rollouts',
    find: ({ rollouts, clusters }) =>
      rollouts.flatMap(({ name, stable, canary, shadows }) => {
        const named = [
          ['stable', stable],
          ['canary', canary],
          ...shadows.map((shadow) => [shadow.name, shadow.cluster]),
        ];
        return named
          .filter(([, cluster = '']) => !clusters.has(cluster))
          .map(([who, cluster]) => ({ what: `${who} names ${cluster}`, where: `rollout ${name}` }));
      }),
  },
  {
    id: 'cluster-without-hosts',
    severity: 'error',
    about: 'A cluster of a rollout has no healthy host.',
    why: 'For an arm, users get a 503; a shadow answers every copy with one.',
    mend: "Start the model, or correct the cluster's address; `/clusters` of Envoy's admin endpoint shows its hosts.",
    needs: 'rollouts',
    find: ({ rollouts, clusters, stats }) => {
      const used = rollouts.flatMap(({ stable, canary, shadows }) => [
        stable,
        canary,
        ...shadows.map((s) => s.cluster),
      ]);
      return [...new Set(used)]
        .flatMap((name) => clusters.get(name) ?? [])
        .filter((cluster) => stats.get(`cluster.${statName(cluster)}.membership_healthy`) === 0)
        .map(({ name }) => ({ what: 'no host is healthy', where: `cluster ${name}` }));
    },
  },
  {
    id: 'shadow-cluster-shared',
    severity: 'error',
    about: "A shadow's cluster also answers users.",
    why: 'Copies fill its connections and its circuit breaker: users get a 503 (5 of 5 canary users did).',
    mend: 'Give the shadow a cluster of its own, which may have the same hosts.',
    needs: 'rollouts',
    find: ({ rollouts, chains, loop }) => {
      const users = chains.filter((chain) => chain !== loop);
      return rollouts.flatMap(({ name, stable, canary, shadows }) =>
        shadows.flatMap((shadow) => {
          const reader = users
            .flatMap(({ routes }) => routes)
            .find((at) => targetsOf(at.route.route).includes(shadow.cluster));
          const isArm = [stable, canary].includes(shadow.cluster);
          if (reader === undefined && !isArm) return [];
          const who = reader === undefined ? 'an arm of the rollout' : `route ${reader.route.name}`;
          return [{ what: `${shadow.cluster} of shadow ${shadow.name} also serves ${who}`, where: `rollout ${name}` }];
        }),
      );
    },
  },
  {
    id: 'shadow-cluster-unlimited',
    severity: 'warning',
    about: "A shadow's cluster has no circuit breaker of its own.",
    why: 'A hanging shadow then holds up to 1,024 copies with their bodies in Envoy, where a small breaker sheds them.',
    mend: 'Set circuit_breakers with small thresholds, for example max_requests: 256.',
    needs: 'rollouts',
    find: ({ rollouts, clusters }) =>
      rollouts
        .flatMap(({ shadows }) => shadows)
        .flatMap(({ cluster }) => clusters.get(cluster) ?? [])
        .filter(({ circuit_breakers }) => circuit_breakers.thresholds.length === 0)
        .map(({ name }) => ({ what: 'circuit_breakers is not set', where: `cluster ${name}` })),
  },
];
