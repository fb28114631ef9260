import type { RolloutSpec } from '../rollout/spec.ts';
import { FoundError, UsageError } from './exit.ts';
import {
  askModel,
  differencesOf,
  type ModelAccount,
  type ModelMetadata,
  type TensorDifference,
} from './model-metadata.ts';
import { readConfig, type Settings } from './settings.ts';
import { paint, table } from './table.ts';
import { printJson, type Terminal } from './terminal.ts';

export interface CheckLiveOptions extends Settings {
  /** `CLUSTER=http://host:port` */
  readonly endpoint: readonly string[];
  /** `NAME`, or `CLUSTER=NAME`. */
  readonly model: readonly string[];
  readonly json?: boolean;
}

interface Place {
  readonly rollout: string;
  readonly cluster: string;
  readonly version: string;
  /** `stable`, `canary` or the shadow's name. */
  readonly role: string;
}

interface Asked extends Place {
  readonly model: string;
  readonly account: ModelAccount | undefined;
  readonly differences: readonly TensorDifference[];
}

/**
 * Asks the model servers behind the clusters what their models take and give, and prints where that is not what stable
 * says. `file` is the configuration when it is given. Throws FoundError when a name, datatype or shape differs, a model is
 * not ready or a server does not answer; a server without metadata is only said to have none.
 */
export async function checkLive(
  file: string | undefined,
  options: CheckLiveOptions,
  terminal: Terminal,
): Promise<void> {
  const config = readConfig(file === undefined ? options : { ...options, config: file }, terminal);
  const places = config.rollouts.flatMap(placesOf);
  const endpoints = readEndpoints(options.endpoint, places);
  const models = readModels(options.model, places);
  const accounts = new Map<Place, Promise<ModelAccount> | undefined>();
  for (const place of places) {
    const endpoint = endpoints.get(place.cluster);
    accounts.set(place, endpoint && askModel(endpoint, models(place), terminal.signal));
  }
  const asked: Asked[] = [];
  for (const place of places) {
    const account = await accounts.get(place);
    const stable = places.find(({ rollout, role }) => rollout === place.rollout && role === 'stable');
    const expected = stable && metadataOf(await accounts.get(stable));
    const found = metadataOf(account);
    const differences = expected && found && place !== stable ? differencesOf(expected, found) : [];
    asked.push({ ...place, model: models(place), account, differences });
  }
  if (options.json) printJson(terminal, { models: asked });
  else terminal.out(describe(asked, terminal));
  if (asked.some(isBad)) throw new FoundError();
}

function placesOf({ name, stable, canary, shadows }: RolloutSpec): Place[] {
  const place = (role: string, { cluster, version }: { cluster: string; version: string }) => ({
    rollout: name,
    role,
    cluster,
    version,
  });
  return [place('stable', stable), place('canary', canary), ...shadows.map((shadow) => place(shadow.name, shadow))];
}

function readEndpoints(given: readonly string[], places: readonly Place[]): ReadonlyMap<string, URL> {
  if (given.length === 0) throw new UsageError('--live: expected --endpoint CLUSTER=http://host:port, found none');
  return new Map(
    given.map((text) => {
      const [, cluster = '', address = ''] = /^([^=]+)=(.+)$/.exec(text) ?? [];
      const url = URL.parse(address);
      if (url === null || !/^https?:$/.test(url.protocol)) {
        throw new UsageError(`--endpoint: expected CLUSTER=http://host:port, found ${JSON.stringify(text)}`);
      }
      requireCluster('--endpoint', cluster, places);
      return [cluster, url];
    }),
  );
}

/** The name of a place's model: for its cluster, else for all, else the rollout's name. */
function readModels(given: readonly string[], places: readonly Place[]): (place: Place) => string {
  const named = new Map<string, string>();
  for (const text of given) {
    const equals = text.indexOf('=');
    const cluster = equals < 0 ? '' : text.slice(0, equals);
    if (equals >= 0) requireCluster('--model', cluster, places);
    named.set(cluster, text.slice(equals + 1));
  }
  return ({ cluster, rollout }) => named.get(cluster) ?? named.get('') ?? rollout;
}

function requireCluster(option: string, cluster: string, places: readonly Place[]): void {
  const clusters = [...new Set(places.map((place) => place.cluster))];
  if (clusters.includes(cluster)) return;
  throw new UsageError(`${option}: expected one of ${clusters.join(', ')}, found ${JSON.stringify(cluster)}`);
}

function metadataOf(account: ModelAccount | undefined): ModelMetadata | undefined {
  return account !== undefined && 'inputs' in account.metadata ? account.metadata : undefined;
}

function isBad({ account, differences }: Asked): boolean {
  return differences.length > 0 || account?.ready === false;
}

function describe(asked: readonly Asked[], terminal: Terminal): string {
  const rows = asked.map((place) => [
    place.rollout,
    place.role,
    place.cluster,
    place.version,
    place.account === undefined ? '-' : place.model,
    readyWord(place.account),
    metadataWord(place, asked),
  ]);
  const heads = ['ROLLOUT', 'ROLE', 'CLUSTER', 'VERSION', 'MODEL', 'READY', 'INPUTS AND OUTPUTS'];
  const differing = asked.flatMap(({ rollout, role, differences }) =>
    differences.map(({ where, what, stable, here }) => [rollout, role, where, what, stable, here]),
  );
  const found = differing.length > 0 ? `\n${table(terminal, DIFFERENCE_HEADS, differing)}` : '';
  const bad = asked.filter(isBad).length;
  const verdict =
    bad > 0
      ? paint(terminal, 'red', `${bad} of ${asked.length} places differ from stable, are not ready or do not answer`)
      : 'nothing that was asked differs';
  return `${table(terminal, heads, rows)}${found}\n${verdict}\n`;
}

const DIFFERENCE_HEADS = ['ROLLOUT', 'ROLE', 'WHERE', 'WHAT', 'STABLE', 'HERE'];

function readyWord(account: ModelAccount | undefined): string {
  if (account === undefined || 'unreachable' in account.metadata) return '-';
  if (account.ready === undefined) return 'not said';
  return account.ready ? 'yes' : 'NO';
}

function metadataWord({ rollout, role, account, differences }: Asked, asked: readonly Asked[]): string {
  if (account === undefined) return 'not asked: no --endpoint';
  const { metadata } = account;
  if ('unreachable' in metadata) return `no answer: ${metadata.unreachable}`;
  if ('none' in metadata) return `not compared: ${metadata.none}`;
  if (role === 'stable') return `${metadata.inputs.length} in, ${metadata.outputs.length} out`;
  const stable = asked.find((place) => place.rollout === rollout && place.role === 'stable');
  if (metadataOf(stable?.account) === undefined) return 'not compared: stable says nothing';
  return differences.length === 0 ? 'as stable' : `${differences.length} different`;
}
