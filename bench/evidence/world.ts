/**
 * The simulated service: how many requests, errors, clicks and slow answers each arm has in 10 s. Counts are drawn, not single
 * requests: Poisson arrivals, and of these binomially many events, which is the same in law. Both arms have the same law until
 * the effect begins; in bursts the law is the same of every pod, and what a pod draws is its own.
 */

import { normalCdf, normalQuantile } from '../../src/evidence/statistics/special.ts';
import { BINS_PER_LN, edgeAbove } from './bins.ts';
import { drawBeta, drawBinomial, drawExponential, drawPoisson, type Random } from './random.ts';

export const TICK_S = 10;
export const DAY_S = 86_400;

/** Standard deviation of ln latency, and the median that makes p95 45 ms. */
export const SIGMA = 0.5;
export const MEDIAN_MS = 45 / Math.exp(SIGMA * normalQuantile(0.95));

export const ERROR_SHARE = 0.001;
export const CLICK_SHARE = 0.05;

/** Errors in bursts: on every pod at `perHour`, for `seconds`, beginning at any time; `share` of its requests fail meanwhile. */
export interface Bursts {
  readonly perHour: number;
  readonly seconds: number;
  readonly share: number;
}

export interface World {
  readonly requestsPerSecond: number;
  /** Basis points; `ladder`: 1 % for 30 min, 5 % until 150 min, 25 % until 510 min, then 50 %. */
  readonly weight: number | 'ladder';
  /** Traffic, rates and latencies go up and down with the time of day. */
  readonly diurnal: boolean;
  readonly bursts: Bursts | undefined;
  /** The effect begins so late. */
  readonly onsetS: number;
}

/** 20 pods: one answers for the canary at 5 %. */
const PODS = 20;

const LADDER = [
  [0, 100],
  [1_800, 500],
  [9_000, 2_500],
  [30_600, 5_000],
] as const;

export function weightAt({ weight }: World, second: number): number {
  if (weight !== 'ladder') return weight;
  return LADDER.findLast(([from]) => second >= from)?.[1] ?? 100;
}

/** Undefined where the weight never changes. */
export function sinceChangeMs({ weight }: World, second: number): number | undefined {
  if (weight !== 'ladder') return undefined;
  return (second - (LADDER.findLast(([from]) => second >= from)?.[0] ?? 0)) * 1000;
}

function wave({ diurnal }: World, second: number, phase: number, height: number): number {
  return diurnal ? 1 + height * Math.sin((2 * Math.PI * second) / DAY_S + phase) : 1;
}

export interface Arms {
  canary: number;
  stable: number;
}

export function arrivals(random: Random, world: World, second: number): Arms {
  const share = weightAt(world, second) / 10_000;
  const mean = world.requestsPerSecond * TICK_S * wave(world, second, 0, 0.5);
  return { canary: drawPoisson(random, mean * share), stable: drawPoisson(random, mean * (1 - share)) };
}

/** Clicks of both arms; the canary's share is `effect` times stable's after the onset. */
export function clicks(random: Random, world: World, second: number, arms: Arms, effect: number): Arms {
  const share = CLICK_SHARE * wave(world, second, 2, 0.2);
  const canary = share * (second >= world.onsetS ? effect : 1);
  return { canary: drawBinomial(random, arms.canary, canary), stable: drawBinomial(random, arms.stable, share) };
}

/** Errors, tick after tick. */
export function newErrors(random: Random, world: World, effect: number) {
  const { bursts } = world;
  const gapS = bursts === undefined ? Infinity : 3_600 / bursts.perHour;
  const pods = Array.from({ length: PODS }, () => ({ startS: drawExponential(random, gapS) }));
  return (second: number, arms: Arms): Arms => {
    const share = ERROR_SHARE * wave(world, second, 1, 0.8);
    const ofCanary = share * (second >= world.onsetS ? effect : 1);
    if (bursts === undefined) {
      return { canary: drawBinomial(random, arms.canary, ofCanary), stable: drawBinomial(random, arms.stable, share) };
    }
    const burstingOf = (pod: { startS: number }) => bursting(random, pod, second, bursts.seconds, gapS);
    const onCanary = Math.max(1, Math.round((PODS * weightAt(world, second)) / 10_000));
    const parts = pods.map(burstingOf);
    const mean = (some: readonly number[]) => some.reduce((sum, part) => sum + part, 0) / some.length;
    return {
      canary: mixed(random, arms.canary, ofCanary, bursts.share, mean(parts.slice(0, onCanary))),
      stable: mixed(random, arms.stable, share, bursts.share, mean(parts.slice(onCanary))),
    };
  };
}

/** Share of the tick in which a pod is in a burst; starts the next burst when one is over. */
function bursting(random: Random, pod: { startS: number }, second: number, lengthS: number, gapS: number): number {
  let covered = 0;
  const end = second + TICK_S;
  while (pod.startS < end) {
    covered += Math.max(0, Math.min(end, pod.startS + lengthS) - Math.max(second, pod.startS));
    if (pod.startS + lengthS > end) break;
    pod.startS += lengthS + drawExponential(random, gapS);
  }
  return covered / TICK_S;
}

function mixed(random: Random, n: number, usual: number, inBurst: number, part: number): number {
  const hit = drawBinomial(random, n, part);
  return drawBinomial(random, hit, Math.max(inBurst, usual)) + drawBinomial(random, n - hit, usual);
}

/** ln of the median latency of stable, ms. */
export function lnMedian(world: World, second: number): number {
  return Math.log(MEDIAN_MS * wave(world, second, 3, 0.1));
}

/** ln of how many times slower the canary is. */
export function lnSlower(world: World, second: number, effect: number): number {
  return second >= world.onsetS ? Math.log(effect) : 0;
}

/** Share of latencies above e^`lnMs`. */
export function shareAbove(lnMs: number, lnMedianMs: number): number {
  return normalCdf((lnMedianMs - lnMs) / SIGMA);
}

/** ln of the upper edge of the sketch's bin that holds the q-quantile, rank q (n - 1) rounded down, of `n` latencies. */
export function quantileEdge(random: Random, n: number, q: number, lnMedianMs: number): number {
  return edgeAbove(sampleQuantile(random, n, q, lnMedianMs)) / BINS_PER_LN;
}

/** ln of that quantile: an order statistic of uniforms is Beta. */
export function sampleQuantile(random: Random, n: number, q: number, lnMedianMs: number): number {
  const rank = Math.floor(q * (n - 1)) + 1;
  const u = drawBeta(random, rank, n - rank + 1);
  return lnMedianMs + SIGMA * normalQuantile(Math.min(1 - 1e-15, u));
}

/** Of `n` latencies, how many are above each of two thresholds (ln ms); both of the same latencies. */
export function aboveBoth(random: Random, n: number, one: number, other: number, lnMedianMs: number) {
  const [low, high] = [Math.min(one, other), Math.max(one, other)];
  const p = shareAbove(low, lnMedianMs);
  const aboveLow = drawBinomial(random, n, p);
  const aboveHigh = p > 0 ? drawBinomial(random, aboveLow, Math.min(1, shareAbove(high, lnMedianMs) / p)) : 0;
  return one <= other ? ([aboveLow, aboveHigh] as const) : ([aboveHigh, aboveLow] as const);
}
