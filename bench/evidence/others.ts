/**
 * Example rules of other tools, as their documentation and sources state them (research of the versions named in
 * docs/statistics.md), on the same simulated minutes. Each says in which minute it rolls back; -1 = not in the run.
 */
import { pooledZ } from '../../src/evidence/statistics/proportions.ts';
import { normalQuantile } from '../../src/evidence/statistics/special.ts';
import { HARM_BY_INCREASE, newSplit, stepSplit } from '../../src/evidence/statistics/split.ts';
import { everReached } from '../../src/evidence/statistics/start-mixture.ts';

/** What both arms did, minute by minute. Of latency: canary's above 50 ms, and each arm's p95 as its metrics source says it. */
export interface Minutes {
  readonly canary: number[];
  readonly stable: number[];
  readonly canaryEvents: number[];
  readonly stableEvents: number[];
  /** ms; empty where there is no latency. */
  readonly canaryP95: number[];
  readonly stableP95: number[];
}

export function newMinutes(): Minutes {
  return { canary: [], stable: [], canaryEvents: [], stableEvents: [], canaryP95: [], stableP95: [] };
}

export interface Rule {
  readonly name: string;
  readonly minute: (minutes: Minutes) => number;
}

type At = (minutes: Minutes, from: number, to: number) => boolean;

function sum(values: readonly number[], from: number, to: number): number {
  let total = 0;
  for (let at = from; at < to; at++) total += values[at] ?? 0;
  return total;
}

function rates(minutes: Minutes, from: number, to: number): readonly [canary: number, stable: number] {
  return [
    sum(minutes.canaryEvents, from, to) / sum(minutes.canary, from, to),
    sum(minutes.stableEvents, from, to) / sum(minutes.stable, from, to),
  ];
}

/** Argo Rollouts: every `every` minutes a measurement; the run fails with more than `limit` failed ones in all (analysis.go). */
function argo(isGood: At, every = 5, limit = 3) {
  return (minutes: Minutes): number => {
    let failed = 0;
    for (let end = every; end <= minutes.canary.length; end += every) {
      if (!isGood(minutes, end - every, end) && ++failed > limit) return end;
    }
    return -1;
  };
}

/** Flagger: every minute a check; failed ones add up, and are never fewer; rollback at `threshold` (scheduler.go). */
function flagger(isGood: At, threshold = 10) {
  return argo(isGood, 1, threshold - 1);
}

/** Prometheus: rate over 5 minutes, asked each minute, broken at each of 15 minutes. */
function forFifteen(isGood: At) {
  return (minutes: Minutes): number => {
    let broken = 0;
    for (let end = 5; end <= minutes.canary.length; end++) {
      broken = isGood(minutes, end - 5, end) ? 0 : broken + 1;
      if (broken > 15) return end;
    }
    return -1;
  };
}

/** A z-test of all so far at 1 %, one-sided, looked at each minute from the tenth on. */
function peekedZ(minutes: Minutes): number {
  const most = normalQuantile(0.99);
  let [canary, stable, canaryEvents, stableEvents] = [0, 0, 0, 0];
  for (let at = 0; at < minutes.canary.length; at++) {
    canary += minutes.canary[at] ?? 0;
    stable += minutes.stable[at] ?? 0;
    canaryEvents += minutes.canaryEvents[at] ?? 0;
    stableEvents += minutes.stableEvents[at] ?? 0;
    if (at < 9) continue;
    const test = pooledZ({ events: canaryEvents, trials: canary }, { events: stableEvents, trials: stable });
    if (test !== undefined && test.z > most) return at + 1;
  }
  return -1;
}

/** An e-process at alpha 1 % that holds at every look, if requests are independent. */
function perRequest(minutes: Minutes): number {
  let split = newSplit(1_440, HARM_BY_INCREASE);
  for (let at = 0; at < minutes.canary.length; at++) {
    const [canary, stable] = [minutes.canary[at] ?? 0, minutes.stable[at] ?? 0];
    const [canaryEvents, stableEvents] = [minutes.canaryEvents[at] ?? 0, minutes.stableEvents[at] ?? 0];
    split = stepSplit(split, { canary, stable, canaryEvents, stableEvents });
    if (everReached(split.mixture, 0.01)) return at + 1;
  }
  return -1;
}

/** Below -2 % for 30 minutes, on the rates of the trailing hour. */
function clicksBelow(minutes: Minutes): number {
  let broken = 0;
  for (let end = 60; end <= minutes.canary.length; end++) {
    const [canary, stable] = rates(minutes, end - 60, end);
    broken = canary < 0.98 * stable ? broken + 1 : 0;
    if (broken >= 30) return end;
  }
  return -1;
}

const POINTS = 60;
const CONFIDENCE = 0.98;

/**
 * Kayenta, NetflixACAJudge: 60 points of a minute each, judged every hour. Mann-Whitney interval of the shift at 98 %, as order
 * statistics of all differences, against a quarter of the Hodges-Lehmann shift; fails at the first High or Low that counts.
 */
function kayenta(
  values: (minutes: Minutes, minute: number) => readonly [number, number],
  fails: 'High' | 'Low' | 'either',
) {
  const mean = (POINTS * POINTS) / 2;
  const spread = Math.sqrt((POINTS * POINTS * (2 * POINTS + 1)) / 12);
  const at = Math.round(mean - normalQuantile((1 + CONFIDENCE) / 2) * spread);
  const differences = new Float64Array(POINTS * POINTS);
  return (minutes: Minutes): number => {
    for (let end = POINTS; end <= minutes.canary.length; end += POINTS) {
      const points = Array.from({ length: POINTS }, (_, n) => values(minutes, end - POINTS + n));
      let next = 0;
      for (const [canary] of points) for (const [, stable] of points) differences[next++] = canary - stable;
      differences.sort();
      const middle = ((differences[mean - 1] ?? 0) + (differences[mean] ?? 0)) / 2;
      const tolerance = Math.abs(middle) / 4;
      const isHigh = (differences[at] ?? 0) > tolerance;
      const isLow = (differences[differences.length - 1 - at] ?? 0) < -tolerance;
      if ((isHigh && fails !== 'Low') || (isLow && fails !== 'High')) return end;
    }
    return -1;
  };
}

const byMinute = (minutes: Minutes, minute: number) => rates(minutes, minute, minute + 1);
const p95s = ({ canaryP95, stableP95 }: Minutes, minute: number) =>
  [canaryP95[minute] ?? 0, stableP95[minute] ?? 0] as const;

function isAtMost(share: number): At {
  return (minutes, from, to) => !(rates(minutes, from, to)[0] > share);
}

function isAtMostTimes(ratio: number): At {
  return (minutes, from, to) => {
    const [canary, stable] = rates(minutes, from, to);
    return !(canary > ratio * stable);
  };
}

/** p95 of the window at most 50 ms: at most 5 % above. */
const isFast: At = ({ canary, canaryEvents }, from, to) =>
  sum(canaryEvents, from, to) <= Math.floor(0.05 * sum(canary, from, to));

export const ERROR_RULES: readonly Rule[] = [
  { name: 'Argo Rollouts: errors <= 0.1 %, 5 min, failureLimit 3', minute: argo(isAtMost(0.001)) },
  { name: 'Argo Rollouts: errors <= 2 x stable, 5 min, failureLimit 3', minute: argo(isAtMostTimes(2)) },
  { name: 'Flagger: success >= 99.9 %, 1 min, threshold 10', minute: flagger(isAtMost(0.001)) },
  { name: 'Flagger: success >= 99 % (its sample), 1 min, threshold 10', minute: flagger(isAtMost(0.01)) },
  { name: 'Prometheus: errors > 0.1 % over 5 min, for 15 min', minute: forFifteen(isAtMost(0.001)) },
  { name: 'Kayenta: hourly, 98 %, direction either (default)', minute: kayenta(byMinute, 'either') },
  { name: 'Kayenta: hourly, 98 %, direction increase', minute: kayenta(byMinute, 'High') },
  { name: 'A z-test at 1 %, looked at each minute', minute: peekedZ },
  { name: 'A sequential test at 1 % that takes requests for independent', minute: perRequest },
];

export const LATENCY_RULES: readonly Rule[] = [
  { name: 'Argo Rollouts: p95 <= 50 ms, 5 min, failureLimit 3', minute: argo(isFast) },
  { name: 'Flagger: p95 <= 50 ms, 1 min, threshold 10', minute: flagger(isFast) },
  { name: 'Prometheus: p95 > 50 ms over 5 min, for 15 min', minute: forFifteen(isFast) },
  { name: 'Kayenta: hourly, 98 %, direction either (default)', minute: kayenta(p95s, 'either') },
  { name: 'Kayenta: hourly, 98 %, direction increase', minute: kayenta(p95s, 'High') },
];

export const CLICK_RULES: readonly Rule[] = [
  {
    name: 'Argo Rollouts: CTR >= 98 % of stable, 5 min, failureLimit 3',
    minute: argo((minutes, from, to) => {
      const [canary, stable] = rates(minutes, from, to);
      return !(canary < 0.98 * stable);
    }),
  },
  {
    name: 'Flagger: CTR >= 4.9 %, 1 min, threshold 10',
    minute: flagger((minutes, from, to) => !(rates(minutes, from, to)[0] < 0.049)),
  },
  { name: 'Literal: CTR below -2 % for 30 min, trailing hour', minute: clicksBelow },
  { name: 'Kayenta: hourly, 98 %, direction either (default)', minute: kayenta(byMinute, 'either') },
  { name: 'Kayenta: hourly, 98 %, direction decrease', minute: kayenta(byMinute, 'Low') },
];
