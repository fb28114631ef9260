/** Are a client's own headers kept out, and bodies let in? */
import { isOfType } from './chains.ts';
import { type Check, ofEdges } from './check.ts';
import { type ConnectionManager, earlyHeaderMutation, read } from './envoy-config.ts';

const PREFIX = 'x-understudy-';
const MARK = 'x-shadowed';

export const edgeChecks: readonly Check[] = [
  ofEdges({
    id: 'strip-missing',
    severity: 'error',
    about: `A client's own ${PREFIX} headers are not removed.`,
    why: 'These headers choose clusters: a client could choose its model and fire copies at shadows.',
    mend: `Add early_header_mutation with remove_on_match: { key_matcher: { prefix: ${PREFIX} } } to the listener.`,
    find: ({ manager }) =>
      strippedPrefixes(manager).some((prefix) => PREFIX.startsWith(prefix))
        ? []
        : [`nothing removes the prefix ${PREFIX} before the filters`],
  }),
  ofEdges({
    id: 'strip-takes-mark',
    severity: 'error',
    about: `The header ${MARK} is removed at the edge.`,
    why: 'A shadow that leads back to the edge arrives without its mark and is mirrored again, without end.',
    mend: `Remove the prefix ${PREFIX} and nothing shorter.`,
    find: ({ manager }) =>
      strippedPrefixes(manager)
        .filter((prefix) => MARK.startsWith(prefix))
        .map((prefix) => `the prefix "${prefix}" is removed`),
  }),
  {
    id: 'capture-missing',
    severity: 'error',
    about: 'A rollout captures bodies and the capture filter is missing.',
    why: 'Answers arrive without their bodies: pairs say not-captured and no output is ever compared.',
    mend: 'Add the Lua filter with envoy/capture.lua, last before the router, at the edge and in the loop.',
    needs: 'config',
    find: ({ rollouts, observed }) =>
      rollouts.some(({ captures }) => captures)
        ? observed
            .filter(({ filters }) => !filters.some(({ kind }) => kind === 'capture'))
            .map(({ listener }) => ({ what: 'no Lua filter runs capture.lua', where: `listener ${listener}` }))
        : [],
  },
  {
    id: 'capture-not-last',
    severity: 'warning',
    about: 'A filter stands between capture and the router.',
    why: 'A filter there may change the body: what is compared is then not what the model sent.',
    mend: 'Make capture the last filter before the router.',
    find: ({ observed }) =>
      observed.flatMap(({ listener, filters }) => {
        const capture = filters.findIndex(({ kind }) => kind === 'capture');
        const between = filters.slice(capture + 1).filter(({ kind }) => kind === 'other');
        if (capture === -1 || between.length === 0) return [];
        return [{ what: `after capture comes ${between.map(({ name }) => name)}`, where: `listener ${listener}` }];
      }),
  },
];

/** Prefixes of headers that are removed before anything else sees the request. */
export function strippedPrefixes({ early_header_mutation_extensions: extensions }: ConnectionManager): string[] {
  return extensions
    .filter(isOfType('HeaderMutation'))
    .flatMap(({ typed_config }) => read(earlyHeaderMutation, typed_config).mutations)
    .flatMap(({ remove_on_match }) => remove_on_match?.key_matcher.prefix ?? []);
}
