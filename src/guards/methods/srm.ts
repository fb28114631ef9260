/**
 * Sample ratio: do units come to the arms in the shares that the weight plans? Each weight is a hypothesis of its own
 * (statistics/srm.ts); units come to one weight once, so their e-values are multiplied. Broken: the split, not the canary.
 */
import { lnSrmEvidence, newSrm, type Srm, stepSrm } from '../../evidence/statistics/srm.ts';
import type { Finding, GuardMethod, LimitSample, LimitSums } from '../input.ts';
import { NOTHING } from './finding.ts';

const ALL_BP = 10_000;
/** Fewer units do not show that all is well. */
const LEAST_UNITS = 1_000;
/** Weights that are counted on; the factor of the one not seen for longest is frozen. */
const MAX_WEIGHTS = 64;

export interface SrmState {
  /** The last one was seen last. */
  readonly weights: readonly { readonly weightBp: number; readonly srm: Srm }[];
  readonly frozenLn: number;
  readonly n: number;
  readonly ms: number;
}

export const srmMethod: GuardMethod<SrmState> = {
  sums(): LimitSums | undefined {
    return undefined;
  },

  read(): LimitSample {
    return { value: undefined, n: 0, broken: false };
  },

  start(): SrmState {
    return { weights: [], frozenLn: 0, n: 0, ms: 0 };
  },

  step(_spec, state, input): SrmState {
    let [weights, n] = [[...state.weights], state.n];
    for (const { weightBp, canary, stable } of input.assigned) {
      if (!(weightBp > 0 && weightBp < ALL_BP) || canary + stable === 0) continue;
      const share = weightBp / ALL_BP;
      const held = weights.find((one) => one.weightBp === weightBp)?.srm ?? newSrm([share, 1 - share]);
      weights = weights.filter((one) => one.weightBp !== weightBp);
      weights.push({ weightBp, srm: stepSrm(held, [canary, stable]) });
      n += canary + stable;
    }
    let { frozenLn } = state;
    for (const { srm } of weights.splice(0, Math.max(0, weights.length - MAX_WEIGHTS))) frozenLn += lnSrmEvidence(srm);
    return { weights, frozenLn, n, ms: state.ms + input.durationMs };
  },

  /** `value`: the canary's share of units at the last weight. */
  find({ alpha }, { weights, frozenLn, n, ms }): Finding {
    const last = weights.at(-1);
    if (last === undefined) return { ...NOTHING, windowMs: ms };
    const ln = weights.reduce((sum, { srm }) => sum + lnSrmEvidence(srm), frozenLn);
    const [canary = 0, stable = 0] = last.srm.counts;
    const shown = ln >= -Math.log(alpha) ? 'harm' : ln <= 0 && n >= LEAST_UNITS ? 'fine' : undefined;
    return { ...NOTHING, value: canary / (canary + stable), n, eValue: Math.exp(ln), shown, windowMs: ms };
  },
};
