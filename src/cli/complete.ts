/** Says that Envoy's catch-all delivers the new version, after a look at Envoy itself. */
import { collectEnvoy } from '../doctor/collect.ts';
import { placesOf, targetsOf } from '../doctor/places.ts';
import { viewOf } from '../doctor/view.ts';
import type { CompleteRequest, Rollout } from '../gen/understudy/admin/v1/admin.ts';
import { type ChangeOptions, changeOf, printChanged } from './change.ts';
import { ask, withAdmin } from './client.ts';
import { envoyUrl } from './envoy-url.ts';
import { NoEnvoyError, UsageError } from './exit.ts';
import type { Terminal } from './terminal.ts';

export interface CompleteOptions extends ChangeOptions {
  /** Envoy's admin endpoint: `127.0.0.1:9901` or a URL. */
  readonly envoy?: string;
  /** As a person saw it, where Envoy cannot be asked. */
  readonly cluster?: string;
}

/** Where the catch-all leads, and where that was seen. */
type Seen = Pick<CompleteRequest, 'catchAllCluster' | 'seenIn'>;

export function complete(name: string, options: CompleteOptions, terminal: Terminal): Promise<void> {
  const { envoy, cluster } = options;
  if ((envoy === undefined) === (cluster === undefined)) {
    throw new UsageError("give --envoy, where Envoy's admin page is, or --cluster, what a person saw there");
  }
  const url = envoy === undefined ? undefined : envoyUrl(envoy);
  return withAdmin(options, terminal, async (client) => {
    const rollout = await ask(client, client.getRollout, { name });
    const seen =
      url === undefined
        ? { catchAllCluster: cluster ?? '', seenIn: 'as a person saw it' }
        : await lookAt(url, rollout).catch(noEnvoy);
    if (!options.json) terminal.out(`${seen.seenIn}: ${seen.catchAllCluster || 'no cluster'}\n`);
    const change = changeOf(name, options, terminal);
    printChanged(await ask(client, client.complete, { change, ...seen }), options, terminal);
  });
}

/** All routes of the rollout must lead to its canary; of others the first that does not is said. */
async function lookAt(url: string, rollout: Rollout): Promise<Seen> {
  const envoy = await collectEnvoy(url);
  const view = viewOf({ envoy, config: undefined, sidecar: { rollouts: [rollout], sidecar: undefined }, sockets: [] });
  const targets = placesOf(view).map(({ stable, where }) => ({ where, clusters: targetsOf(stable.route.route) }));
  const dump = `config_dump of ${new URL(url).host}`;
  const missing = rollout.routes.find((route) => !targets.some(({ where }) => where.endsWith(`, route ${route}`)));
  if (missing !== undefined) return { catchAllCluster: '', seenIn: `${dump}: there is no route ${missing}` };
  const isDone = ({ clusters }: (typeof targets)[number]) =>
    clusters.length > 0 && clusters.every((cluster) => cluster === rollout.canary?.cluster);
  const said = targets.find((target) => !isDone(target)) ?? targets[0];
  const other = said?.clusters.find((cluster) => cluster !== rollout.canary?.cluster);
  return { catchAllCluster: other ?? said?.clusters[0] ?? '', seenIn: `${dump}, ${said?.where}` };
}

function noEnvoy(error: Error): never {
  throw new NoEnvoyError(error.message);
}
