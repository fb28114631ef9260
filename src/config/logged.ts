import type { FieldSpec, Source } from '../prediction/spec.ts';
import type { RolloutSpec } from '../rollout/spec.ts';

/** Lower case, each once, in the order of the file. */
export interface LoggedNames {
  readonly headers: readonly string[];
  readonly trailers: readonly string[];
}

/** The response headers and trailers that predictions are read from: Envoy must log them. */
export function loggedFor(rollouts: readonly Pick<RolloutSpec, 'prediction'>[]): LoggedNames {
  const sources = rollouts.flatMap(({ prediction }): Source[] => {
    const timing = prediction?.timings.featureFetch?.source;
    return [...(prediction?.fields ?? []).flatMap(sourcesOf), ...(timing ? [timing] : [])];
  });
  return {
    headers: [...new Set(sources.flatMap((source) => ('header' in source ? [source.header] : [])))],
    trailers: [...new Set(sources.flatMap((source) => ('trailer' in source ? [source.trailer] : [])))],
  };
}

function sourcesOf({ source, compare }: FieldSpec): Source[] {
  return compare.kind === 'class' && compare.amount ? [source, compare.amount] : [source];
}
