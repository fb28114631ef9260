/** Does Envoy reach Understudy, each socket for its own purpose, and notice when it does not? */
import { decideFilter } from './chains.ts';
import { type Check, ofDecide } from './check.ts';
import { type Cluster, statName, type View } from './view.ts';

export const ownClusterChecks: readonly Check[] = [
  ofDecide({
    id: 'decide-cluster-missing',
    severity: 'error',
    about: 'The decide filter asks a cluster that Envoy does not have.',
    why: 'Envoy accepts this, fails open on every request, and nobody is ever moved or mirrored.',
    mend: "Correct grpc_service.envoy_grpc.cluster_name, or add the cluster with Understudy's decide socket.",
    find({ grpc_service }, { clusters }) {
      const name = grpc_service.envoy_grpc?.cluster_name ?? '';
      return !clusters.has(name) && `no cluster is named "${name}"`;
    },
  }),
  perDecideCluster({
    id: 'decide-health-unchecked',
    severity: 'error',
    about: 'Envoy does not check the health of Understudy.',
    why: 'While Understudy is frozen, every request waits for the whole message_timeout, not just the first few.',
    mend: 'Add health_checks with grpc_health_check to the cluster.',
    find: ({ health_checks }) =>
      !health_checks.some((check) => check.grpc_health_check !== undefined) &&
      'health_checks holds no grpc_health_check',
  }),
  perDecideCluster({
    id: 'decide-panics',
    severity: 'error',
    about: 'Envoy would ask Understudy even when it knows that it is unhealthy.',
    why: 'With all hosts unhealthy Envoy "panics" and asks them all the same: the health check does nothing.',
    mend: 'Set common_lb_config: { healthy_panic_threshold: { value: 0 } }.',
    find({ common_lb_config: { healthy_panic_threshold: threshold } }) {
      return threshold?.value !== 0 && `healthy_panic_threshold is ${threshold?.value ?? 50} %`;
    },
  }),
  {
    id: 'keepalive-missing',
    severity: 'warning',
    about: 'Envoy does not notice that Understudy stopped answering on an open connection.',
    why: 'A frozen peer keeps its connection open: what waits on it waits until something else ends it.',
    mend: 'Set http2_protocol_options.connection_keepalive: { interval: 1s, timeout: 1s } on the cluster.',
    find: (view) =>
      [...new Set([...decideClusters(view), ...observeClusters(view)])]
        .filter(({ typed_extension_protocol_options: options }) => {
          const configs = Object.values(options).flatMap(({ explicit_http_config, auto_config }) => [
            explicit_http_config,
            auto_config,
          ]);
          return !configs.some((config) => config?.http2_protocol_options?.connection_keepalive !== undefined);
        })
        .map(({ name }) => ({ what: 'connection_keepalive is not set', where: `cluster ${name}` })),
  },
  perDecideCluster({
    id: 'decide-unhealthy',
    severity: 'error',
    about: 'Envoy finds Understudy unhealthy.',
    why: 'Nobody is decided now: all users get stable and nothing is mirrored.',
    mend: 'Start Understudy. If it runs, look at the socket: its path in Envoy, its mode, its group.',
    find: (cluster, { stats }) =>
      stats.get(`cluster.${statName(cluster)}.membership_healthy`) === 0 &&
      `none of ${cluster.addresses.join(', ') || 'its hosts'} is healthy`,
  }),
  {
    id: 'observe-cluster-missing',
    severity: 'error',
    about: 'An access log is sent to a cluster that Envoy does not have.',
    why: 'Envoy drops the entries: there are no pairs.',
    mend: "Correct grpc_service.envoy_grpc.cluster_name, or add the cluster with Understudy's observe socket.",
    find: ({ clusters, observed }) =>
      observed.flatMap(({ listener, logs }) =>
        logs
          .filter(({ cluster }) => !clusters.has(cluster))
          .map(({ cluster }) => ({ what: `no cluster is named "${cluster}"`, where: `listener ${listener}` })),
      ),
  },
  {
    id: 'observe-divided',
    severity: 'error',
    about: 'Log entries go to more than one place.',
    why: 'The two sides of a pair part and never meet (40 of 40 pairs did).',
    mend: 'Send the logs of the edge and of the loop to one cluster with one host: the observe socket.',
    find(view) {
      const addresses = new Set(observeClusters(view).flatMap((cluster) => cluster.addresses));
      return addresses.size > 1 ? [{ what: `they go to ${[...addresses].join(' and ')}` }] : [];
    },
  },
  {
    id: 'observe-not-apart',
    severity: 'error',
    about: 'Decisions and log entries go to the same socket.',
    why: 'A burst of log entries stands before decisions; and Understudy serves each on its own socket only.',
    mend: 'Give the observe cluster the observe socket and the decide cluster the decide socket.',
    find(view) {
      const observed = new Set(observeClusters(view).flatMap(({ addresses }) => addresses));
      const shared = decideClusters(view)
        .flatMap(({ addresses }) => addresses)
        .filter((address) => observed.has(address));
      return shared.map((address) => ({ what: `both go to ${address}` }));
    },
  },
  {
    id: 'sockets-differ',
    severity: 'warning',
    about: 'Envoy looks for Understudy in other places than the configuration names.',
    why: 'Unless Envoy sees the same folder under another name, as containers do, it finds nobody there.',
    mend: 'Make the addresses of the clusters and `sockets` in understudy.yaml the same.',
    needs: 'config',
    find(view) {
      const { config } = view;
      if (config === undefined) return [];
      const pairs = [
        ['decide', decideClusters(view), config.sockets.decide],
        ['observe', observeClusters(view), [config.sockets.observe]],
      ] as const;
      return pairs.flatMap(([use, clusters, wanted]) => {
        const found = new Set(clusters.flatMap(({ addresses }) => addresses));
        if (found.size === 0 || (found.size === wanted.length && wanted.every((address) => found.has(address))))
          return [];
        return [{ what: `${use}: Envoy has ${[...found].join(', ')}, understudy.yaml has ${wanted.join(', ')}` }];
      });
    },
  },
];

function perDecideCluster(check: Omit<Check, 'find'> & { find(cluster: Cluster, view: View): string | false }): Check {
  return {
    ...check,
    find: (view) =>
      decideClusters(view).flatMap((cluster) => {
        const what = check.find(cluster, view);
        return what ? [{ what, where: `cluster ${cluster.name}` }] : [];
      }),
  };
}

function decideClusters({ edges, clusters }: View): Cluster[] {
  const names = edges.map((chain) => decideFilter(chain)?.extProc.grpc_service.envoy_grpc?.cluster_name ?? '');
  return [...new Set(names)].flatMap((name) => clusters.get(name) ?? []);
}

function observeClusters({ clusters, observed }: View): Cluster[] {
  const names = observed.flatMap(({ logs }) => logs.map(({ cluster }) => cluster));
  return [...new Set(names)].flatMap((name) => clusters.get(name) ?? []);
}
