/** envoy/envoy.yaml for the demo: its own port, clusters for what comes next, and routes that change while it runs. */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Envoy } from '../rig/envoy.ts';
import { until } from '../rig/until.ts';
import { rolloutName } from './rollout.ts';

export type Routes = {
  /** The file with them. */
  readonly file: string;
  /** Where requests go that are decided for canary, and all others. Resolves when Envoy has taken it. */
  lead(envoy: Envoy, to: { readonly canary?: string; readonly catchAll?: string }): Promise<void>;
};

type Route = { readonly name: string; readonly route: { cluster: string } };
type Cluster = { readonly name: string; readonly load_assignment: { cluster_name: string; endpoints: unknown } };
// biome-ignore lint/suspicious/noExplicitAny: a tree of YAML
type Tree = any;

const CANARY = `${rolloutName}-canary`;

/** `next`: where the builds of the last act answer; `edgePort`: undefined = a free one. */
export async function demoEnvoyFile(
  configYaml: string,
  folder: string,
  next: { readonly address: string; readonly port: number },
  edgePort: number | undefined,
): Promise<{ configYaml: string; routes: Routes }> {
  const config: Tree = parse(configYaml);
  const { listeners, clusters } = config.static_resources;
  const edge = listeners.find(({ name }: Tree) => name === 'edge');
  if (edge === undefined) throw new Error('the Envoy file has no listener "edge"');
  if (edgePort !== undefined) edge.address.socket_address.port_value = edgePort;

  const endpoints = [{ lb_endpoints: [{ endpoint: { address: { socket_address: socketAddress(next) } } }] }];
  clusters.push(
    likeCluster(clusters, 'flight-delay-v2', 'flight-delay-next', endpoints),
    likeCluster(clusters, 'flight-delay-v2-shadow', 'flight-delay-next-shadow', endpoints),
    likeCluster(clusters, 'flight-delay-v2', 'flight-delay-v3', endpointsOf(clusters, 'flight-delay-v3-shadow')),
  );

  const manager = edge.filter_chains[0].filters[0].typed_config;
  const { route_config: table, ...rest } = manager;
  const file = join(folder, 'routes.yaml');
  const source = { resource_api_version: 'V3', path_config_source: { path: file } };
  edge.filter_chains[0].filters[0].typed_config = {
    ...rest,
    rds: { route_config_name: table.name, config_source: source },
  };
  // whoever takes configuration from elsewhere has to have a name
  config.node ??= { id: 'demo', cluster: 'demo' };
  let version = 0;
  const write = async () => {
    const type = 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration';
    const text = stringify({ version_info: `${++version}`, resources: [{ '@type': type, ...table }] });
    // Envoy looks again when another file takes the place of this one
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  };
  await write();
  const routes: Routes = {
    file,
    async lead(envoy, { canary, catchAll }) {
      const all: Route[] = table.virtual_hosts[0].routes;
      const before = JSON.stringify(all);
      for (const { name, route } of all) {
        if (name === CANARY && canary !== undefined) route.cluster = canary;
        if (name === rolloutName && catchAll !== undefined) route.cluster = catchAll;
      }
      // Envoy takes no notice of a new version of the same
      if (JSON.stringify(all) === before) return;
      await write();
      const taken = async () => (await versionTaken(envoy)) === `${version}`;
      await until(taken, { what: 'Envoy takes its new routes' });
    },
  };
  return { configYaml: stringify(config), routes };
}

/** The cluster to which Envoy's catch-all route leads, as Envoy itself says. */
export async function catchAllOf(envoy: Envoy): Promise<string> {
  const found: Route[] = (await routesDump(envoy))?.route_config.virtual_hosts[0].routes ?? [];
  return found.find(({ name }) => name === rolloutName)?.route.cluster ?? '';
}

async function versionTaken(envoy: Envoy): Promise<string | undefined> {
  return (await routesDump(envoy))?.version_info;
}

async function routesDump(envoy: Envoy): Promise<Tree> {
  const { configs }: Tree = await envoy.configDump();
  return configs.flatMap(({ dynamic_route_configs = [] }: Tree) => dynamic_route_configs)[0];
}

function likeCluster(clusters: readonly Cluster[], model: string, name: string, endpoints: unknown): Cluster {
  const found = clusters.find((cluster) => cluster.name === model);
  if (found === undefined) throw new Error(`the Envoy file has no cluster ${model}`);
  return { ...structuredClone(found), name, load_assignment: { cluster_name: name, endpoints } };
}

function endpointsOf(clusters: readonly Cluster[], name: string): unknown {
  return structuredClone(clusters.find((cluster) => cluster.name === name)?.load_assignment.endpoints);
}

function socketAddress({ address, port }: { readonly address: string; readonly port: number }) {
  return { address, port_value: port };
}
