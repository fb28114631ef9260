/** From two joined exchanges to a pair: which side is the reference, what differs. Pure. */
import { compare } from '../comparison/compare.ts';
import type { RolloutSnapshot, Version } from '../routing/snapshot.ts';
import type { Exchange } from './exchange.ts';
import type { Match } from './join.ts';
import type { Pair, Side } from './pair.ts';

/** The pair of `match` under the rollout as it was when the request was decided; undefined when its slot was empty. */
export function makePair({ production, shadow }: Match, rollout: RolloutSnapshot): Pair | undefined {
  const copy = rollout.shadows[shadow.slot - 1];
  if (copy === undefined) return undefined;
  const answering = deliveredVersion(rollout, production.cluster) ?? rollout[production.arm];
  const stable = rollout.stable.version;
  // a twin disagrees with production, never the other way round
  const swapped = answering.version !== stable && copy.version === stable;
  const [reference, candidate] = swapped ? [shadow, production] : [production, shadow];
  const [referenceVersion, candidateVersion] = swapped ? [copy, answering] : [answering, copy];
  const { decision } = production;
  return {
    id: production.id,
    timeMs: production.timeMs,
    rollout: rollout.name,
    release: decision.release,
    revision: decision.revision,
    weightBp: decision.weightBp,
    arm: production.arm,
    reason: decision.reason,
    segments: decision.segments,
    shadow: copy.name,
    referenced: answering.version === stable || copy.version === stable,
    reference: sideOf(reference, referenceVersion),
    candidate: sideOf(candidate, candidateVersion),
    answeredBy: swapped ? 'candidate' : 'reference',
    difference: compare(reference, candidate),
    traceId: production.span?.traceId,
  };
}

/** What the user really got: Envoy's routes may not do what was decided. */
function deliveredVersion({ stable, canary }: RolloutSnapshot, cluster: string): Version | undefined {
  return [stable, canary].find((version) => version.cluster === cluster);
}

function sideOf({ cluster, status, grpcStatus, latencyMs, details }: Exchange, { version }: Version): Side {
  return { version, cluster, status, grpcStatus, latencyMs, details };
}
