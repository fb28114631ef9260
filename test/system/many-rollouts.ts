/** Several rollouts behind one Envoy and one sidecar, each on a path of its own, and users who ask them all. */
import { ask } from '../../src/cli/client.ts';
import type { Event, Rollout } from '../../src/gen/understudy/admin/v1/admin.ts';
import { ROLLOUT, Stage, type StageOptions } from './stage.ts';
import type { SeenRequest } from './test-model.ts';

/** An entry of `rollouts:`; what it does not say is as in ROLLOUT. */
export type RolloutEntry = { readonly name: string } & Record<string, unknown>;

const CANDIDATE = { name: 'candidate', cluster: 'flight-delay-v2-shadow', version: '2.0.0' };
const PREDICTION = {
  preset: 'kserve-v2',
  fields: {
    delay: { at: '/expected_delay_minutes', compare: { number: { abs: 5 } } },
    late: { at: '/late', compare: { class: {} } },
  },
};

/** Requests to `/<name>/...` are those of the rollout `name`; a cluster `flight-delay-v3` is there too. */
export function startMany(
  entries: readonly RolloutEntry[],
  { understudy }: Pick<StageOptions, 'understudy'> = {},
): Promise<Stage> {
  const rollouts = entries.map((entry) => {
    return { ...ROLLOUT, shadows: [CANDIDATE], prediction: PREDICTION, rules: [], ...entry };
  });
  return Stage.start({
    understudy(config) {
      config.rollouts = rollouts;
      understudy?.(config);
    },
    // a route for each rollout, made of those that are there
    envoy({ static_resources: { clusters, listeners } }) {
      const [{ routes }] = listeners[0].filter_chains[0].filters[0].typed_config.route_config.virtual_hosts;
      const [ofCanary, ofStable] = routes;
      routes.unshift(
        ...rollouts.flatMap(({ name, stable, canary }) => {
          const prefix = `/${name}/`;
          const [match, rest] = [{ ...ofCanary.match, prefix }, { match: { prefix } }];
          return [
            { name: `${name}-canary`, match, route: { ...ofCanary.route, cluster: canary.cluster } },
            { name, ...rest, route: { ...ofStable.route, cluster: stable.cluster } },
          ];
        }),
      );
      const shadow = clusters.find(({ name }: { name: string }) => name === 'flight-delay-v3-shadow');
      const name = 'flight-delay-v3';
      const { circuit_breakers: _, ...open } = structuredClone(shadow);
      clusters.push({ ...open, name, load_assignment: { ...open.load_assignment, cluster_name: name } });
    },
  });
}

/** The rollout that a model was asked for. */
export function rolloutOf({ url }: SeenRequest): string {
  return url.split('/')[1] ?? '';
}

/** It is a copy: nobody gets the answer. */
export function isCopy({ headers }: SeenRequest): boolean {
  return headers['x-understudy-role'] !== undefined;
}

/** What every version answers that does it right: it follows from the request alone. */
export function rightAnswer({ body }: SeenRequest, wrongBy = 0) {
  const { n } = JSON.parse(body) as { n: number };
  const minutes = ((n * 37) % 60) + wrongBy;
  return {
    model_name: 'flight-delay',
    outputs: [
      { name: 'expected_delay_minutes', datatype: 'FP64', shape: [1], data: [minutes] },
      { name: 'late', datatype: 'BOOL', shape: [1], data: [minutes > 30] },
    ],
  };
}

export async function rolloutNamed(stage: Stage, name: string): Promise<Rollout> {
  const found = (await stage.sidecar.rollouts()).rollouts.find((rollout) => rollout.name === name);
  if (found === undefined) throw new Error(`no rollout ${name}`);
  return found;
}

/** Oldest first. */
export async function eventsOf(stage: Stage, rollout: string): Promise<Event[]> {
  const { admin } = stage.sidecar;
  const { events } = await ask(admin, admin.listEvents, { rollout, limit: 1_000, before: 0 });
  return events.toReversed();
}
