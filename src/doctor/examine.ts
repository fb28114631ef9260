import type { Check, Severity, Sighting } from './check.ts';
import { clusterChecks } from './clusters.ts';
import { decideFilterChecks } from './decide-filter.ts';
import { edgeChecks } from './edge.ts';
import type { Facts } from './facts.ts';
import { logChecks } from './logs.ts';
import { loopChecks } from './loop.ts';
import { mirrorChecks } from './mirrors.ts';
import { observedChecks } from './observed.ts';
import { ownClusterChecks } from './own-clusters.ts';
import { processChecks } from './process.ts';
import { routeChecks } from './routes.ts';
import { trafficChecks } from './traffic.ts';
import { viewOf } from './view.ts';

/** Every check by theme, in the order of docs/doctor.md. */
export const themes: readonly { readonly title: string; readonly checks: readonly Check[] }[] = [
  { title: 'Processes and sockets', checks: processChecks },
  { title: 'The decide filter', checks: decideFilterChecks },
  { title: 'The edge', checks: edgeChecks },
  { title: 'Routes', checks: routeChecks },
  { title: 'Mirror slots', checks: mirrorChecks },
  { title: 'Clusters of models', checks: clusterChecks },
  { title: 'Clusters of Understudy', checks: ownClusterChecks },
  { title: 'The loop', checks: loopChecks },
  { title: 'Logs and traces', checks: logChecks },
  { title: "Envoy's counters", checks: trafficChecks },
  { title: "Understudy's counters", checks: observedChecks },
];

export interface Finding extends Sighting {
  readonly id: string;
  readonly severity: Severity;
  readonly about: string;
  readonly why: string;
  readonly mend: string;
}

export interface Examination {
  /** The worst first. */
  readonly findings: readonly Finding[];
  /** Ids of the checks that could be made, and of those that could not, with what they lack. */
  readonly checked: readonly string[];
  readonly skipped: readonly { readonly id: string; readonly lacks: string }[];
}

const ORDER: readonly Severity[] = ['error', 'warning', 'info'];

/** Everything that is wrong. Pure. Throws when Envoy's answers have not the shape that 1.36 to 1.40 give them. */
export function examine(facts: Facts): Examination {
  const view = viewOf(facts);
  const lacking = {
    config: view.config === undefined && 'an understudy.yaml',
    sidecar: view.sidecar === undefined && 'an answer of Understudy',
    rollouts:
      view.config === undefined && view.sidecar === undefined && 'an understudy.yaml or an answer of Understudy',
  };
  const checks = themes
    .flatMap((theme) => theme.checks)
    .map((check) => ({ check, lacks: check.needs && lacking[check.needs] }));
  const possible = checks.filter(({ lacks }) => !lacks).map(({ check }) => check);
  return {
    findings: possible
      .flatMap((check) => check.find(view).map((sighting) => findingOf(check, sighting)))
      .sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity)),
    checked: possible.map(({ id }) => id),
    skipped: checks.flatMap(({ check, lacks }) => (lacks ? [{ id: check.id, lacks }] : [])),
  };
}

function findingOf({ id, severity, about, why, mend }: Check, sighting: Sighting): Finding {
  return { id, severity, about, why, mend, ...sighting };
}
