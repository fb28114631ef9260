/** Is there a copy for each shadow, told apart and marked? */
import type { Check } from './check.ts';
import type { MirrorPolicy } from './envoy-config.ts';
import { bothRoutes, firstOf, perPlace } from './places.ts';

export const mirrorChecks: readonly Check[] = [
  perPlace({
    id: 'mirror-slot-missing',
    severity: 'error',
    about: 'A rollout has more shadows than its routes have mirror slots.',
    why: 'The shadows beyond the last slot get no copy and there is no error.',
    mend: 'Add request_mirror_policies with cluster_header x-understudy-mirror-1 to -4, to both routes of the rollout.',
    find: ({ rollout, ...place }) =>
      firstOf(bothRoutes(place), ({ route, mirrors }) => {
        const missing = rollout.shadows.filter((_, index) => !mirrors.some((mirror) => slotOf(mirror) === index + 1));
        return (
          missing.length > 0 && `route ${route.name} has no slot for ${missing.map(({ name }) => name).join(', ')}`
        );
      }),
  }),
  perMirror({
    id: 'mirror-role-wrong',
    severity: 'error',
    about: 'A mirror slot does not tell its copies which shadow they are for.',
    why: 'The loop finds the shadow by this header: the copy gets a 404, or goes to another shadow.',
    mend: 'Let the slot set x-understudy-role: shadow-n, n being its number, in request_headers_mutations.',
    find: (mirror, slot) => written(mirror, 'x-understudy-role') !== `shadow-${slot}`,
    found: (mirror) => `x-understudy-role: ${written(mirror, 'x-understudy-role') ?? 'not set'}`,
  }),
  perMirror({
    id: 'mirror-mark-missing',
    severity: 'error',
    about: 'A mirror slot does not mark its copies.',
    why: 'A shadow that leads back to the edge is mirrored again without end: one request made 2,288 in three seconds.',
    mend: 'Let the slot set x-shadowed: "1" in request_headers_mutations.',
    find: (mirror) => written(mirror, 'x-shadowed') === undefined,
    found: () => 'x-shadowed is not set',
  }),
  perMirror({
    id: 'mirror-changes-host',
    severity: 'warning',
    about: 'A mirror slot changes the host of its copies.',
    why: 'Envoy adds "-shadow" to the host: a model that serves by host answers copies differently.',
    mend: 'Set disable_shadow_host_suffix_append: true.',
    find: ({ disable_shadow_host_suffix_append: kept }) => !kept,
    found: () => 'disable_shadow_host_suffix_append is false',
  }),
];

/** A check of every slot that the rollout uses, in both its routes. */
function perMirror(
  check: Omit<Check, 'find' | 'needs'> & {
    find(mirror: MirrorPolicy, slot: number): boolean;
    found(mirror: MirrorPolicy): string;
  },
): Check {
  const { found, find, ...rest } = check;
  return perPlace({
    ...rest,
    find: ({ rollout, ...place }) =>
      firstOf(bothRoutes(place), ({ route, mirrors }) =>
        firstOf(mirrors, (mirror) => {
          const slot = slotOf(mirror);
          if (slot === undefined || slot > rollout.shadows.length || !find(mirror, slot)) return undefined;
          return `slot ${slot} of route ${route.name}: ${found(mirror)}`;
        }),
      ),
  });
}

function slotOf({ cluster_header }: MirrorPolicy): number | undefined {
  const slot = /^x-understudy-mirror-([1-4])$/.exec(cluster_header)?.[1];
  return slot === undefined ? undefined : Number(slot);
}

function written({ request_headers_mutations }: MirrorPolicy, header: string): string | undefined {
  return request_headers_mutations.findLast(({ append }) => append?.header.key === header)?.append?.header.value;
}
