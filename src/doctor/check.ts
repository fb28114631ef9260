import type { ListRolloutsResponse } from '../gen/understudy/admin/v1/admin.ts';
import type { Chain } from './chains.ts';
import { decideFilter } from './chains.ts';
import type { ExtProc } from './envoy-config.ts';
import type { View } from './view.ts';

/**
 * `error`: users are hurt or can be, or nothing is rehearsed. `warning`: evidence is lost, or a fault will cost more than
 * it need. `info`: good to know.
 */
export type Severity = 'error' | 'warning' | 'info';

/** One thing that can be wrong, and how to see it. */
export interface Check {
  /** Stable: people and programs may refer to it. */
  readonly id: string;
  readonly severity: Severity;
  /** What is looked for, as a sentence that is true when it is found. */
  readonly about: string;
  readonly why: string;
  readonly mend: string;
  /** Without it nothing can be said. */
  readonly needs?: 'rollouts' | 'config' | 'sidecar';
  find(view: View): readonly Sighting[];
}

/** One place where it was found. */
export interface Sighting {
  /** What was found there. */
  readonly what: string;
  /** `listener edge, route ranker` and the like. */
  readonly where?: string;
}

/** A check of every chain at the edge. */
export function ofEdges(check: Omit<Check, 'find'> & { find(chain: Chain, view: View): readonly string[] }): Check {
  return {
    ...check,
    find: (view) =>
      view.edges.flatMap((chain) =>
        check.find(chain, view).map((what) => ({ what, where: `listener ${chain.listener}` })),
      ),
  };
}

/** A check of every decide filter: what is wrong with it, if anything. */
export function ofDecide(
  check: Omit<Check, 'find'> & { find(filter: ExtProc, view: View): string | false | undefined },
): Check {
  return ofEdges({
    ...check,
    find(chain, view) {
      const decide = decideFilter(chain);
      const what = decide && check.find(decide.extProc, view);
      return what ? [what] : [];
    },
  });
}

/** A check of what the sidecar says of itself. */
export function ofSidecar(
  check: Omit<Check, 'find' | 'needs'> & { find(sidecar: ListRolloutsResponse, view: View): readonly Sighting[] },
): Check {
  return { ...check, needs: 'sidecar', find: (view) => (view.sidecar ? check.find(view.sidecar, view) : []) };
}

/** As people read it: `0.25 %`. */
export function percentOf(part: number, whole: number): string {
  return `${Number(((100 * part) / whole).toPrecision(2))} %`;
}
