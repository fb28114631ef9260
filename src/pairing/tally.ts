/** Sums of pairs per rollout and shadow, for people to look at; bounded by the rollouts and shadows there are. */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Pair, Side } from './pair.ts';

export interface LatencyQuantiles {
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** What pairs with one shadow of one rollout showed. */
export interface ShadowTally {
  readonly rollout: string;
  readonly shadow: string;
  readonly pairs: number;
  readonly unreferenced: number;
  readonly sameStatus: number;
  readonly sameBody: number;
  readonly bodiesCompared: number;
  readonly outputs: readonly { readonly name: string; readonly same: number; readonly compared: number }[];
  readonly referenceLatency: LatencyQuantiles;
  readonly candidateLatency: LatencyQuantiles;
}

/** Distinct output names per shadow; models have a handful, a broken one may have any number. */
const MAX_OUTPUT_NAMES = 32;

export class Tallies {
  readonly #byShadow = new Map<string, Tally>();

  add(pair: Pair): void {
    const key = `${pair.rollout}\0${pair.shadow}`;
    let tally = this.#byShadow.get(key);
    if (tally === undefined) {
      tally = new Tally(pair.rollout, pair.shadow);
      this.#byShadow.set(key, tally);
    }
    tally.add(pair);
  }

  list(): ShadowTally[] {
    return [...this.#byShadow.values()].map((tally) => tally.view());
  }
}

class Tally {
  readonly #rollout: string;
  readonly #shadow: string;
  readonly #referenceLatency = createHistogram();
  readonly #candidateLatency = createHistogram();
  readonly #outputs = new Map<string, { same: number; compared: number }>();
  #pairs = 0;
  #unreferenced = 0;
  #sameStatus = 0;
  #sameBody = 0;
  #bodiesCompared = 0;

  constructor(rollout: string, shadow: string) {
    this.#rollout = rollout;
    this.#shadow = shadow;
  }

  add({ referenced, reference, candidate, difference }: Pair): void {
    if (!referenced) {
      this.#unreferenced++;
      return;
    }
    this.#pairs++;
    if (difference.sameStatus) this.#sameStatus++;
    if (difference.body === 'same') this.#sameBody++;
    if (difference.body === 'same' || difference.body === 'different') this.#bodiesCompared++;
    for (const [name, same] of Object.entries(difference.outputs)) this.#addOutput(name, same);
    record(this.#referenceLatency, reference);
    record(this.#candidateLatency, candidate);
  }

  view(): ShadowTally {
    return {
      rollout: this.#rollout,
      shadow: this.#shadow,
      pairs: this.#pairs,
      unreferenced: this.#unreferenced,
      sameStatus: this.#sameStatus,
      sameBody: this.#sameBody,
      bodiesCompared: this.#bodiesCompared,
      outputs: [...this.#outputs].map(([name, counts]) => ({ name, ...counts })),
      referenceLatency: quantiles(this.#referenceLatency),
      candidateLatency: quantiles(this.#candidateLatency),
    };
  }

  #addOutput(name: string, same: boolean): void {
    let output = this.#outputs.get(name);
    if (output === undefined) {
      if (this.#outputs.size >= MAX_OUTPUT_NAMES) return;
      output = { same: 0, compared: 0 };
      this.#outputs.set(name, output);
    }
    output.compared++;
    if (same) output.same++;
  }
}

/** Histograms count whole microseconds. */
function record(histogram: RecordableHistogram, { latencyMs }: Side): void {
  if (latencyMs !== undefined) histogram.record(Math.max(1, Math.round(latencyMs * 1_000)));
}

function quantiles(histogram: RecordableHistogram): LatencyQuantiles {
  const at = (percent: number) => (histogram.count === 0 ? 0 : histogram.percentile(percent) / 1_000);
  return { count: histogram.count, p50Ms: at(50), p95Ms: at(95), p99Ms: at(99) };
}
