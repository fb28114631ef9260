import type { Pair } from '../src/gen/understudy/admin/v1/admin.ts';

/** Fewer pairs than this say nothing about a state. */
const leastPairs = 20;

type Agreement = { readonly same: number; readonly pairs: number };

export type StateAgreement = Agreement & {
  readonly state: string;
  /** A pair of this state whose output differs. */
  readonly example: Pair | undefined;
};

/** How often one output of a shadow is the same as production's, by the state its request came from. */
export class AgreementByState {
  readonly #output: string;
  readonly #states = new Map<string, { same: number; pairs: number; example: Pair | undefined }>();

  constructor(output: string) {
    this.#output = output;
  }

  add(pair: Pair): void {
    const { state } = pair.segments;
    const same = pair.outputs[this.#output];
    if (state === undefined || same === undefined || !pair.referenced) return;
    const sum = this.#states.get(state) ?? { same: 0, pairs: 0, example: undefined };
    sum.pairs++;
    if (same) sum.same++;
    else sum.example = pair;
    this.#states.set(state, sum);
  }

  /** The state with the least agreement and all others together; undefined before any state has enough pairs. */
  worst(): { worst: StateAgreement; others: Agreement & { states: number } } | undefined {
    const all = [...this.#states].map(([state, sum]) => ({ state, ...sum }));
    const share = ({ same, pairs }: Agreement) => same / pairs;
    const [worst] = all.filter(({ pairs }) => pairs >= leastPairs).sort((a, b) => share(a) - share(b));
    if (!worst) return undefined;
    const others = all.filter((candidate) => candidate !== worst);
    const total = (key: keyof Agreement) => others.reduce((sum, other) => sum + other[key], 0);
    return { worst, others: { same: total('same'), pairs: total('pairs'), states: others.length } };
  }
}
