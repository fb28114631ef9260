/** One simulated day: when each guard fires, and each rule of others on the same minutes. */

import { newStrataBet } from '../../src/guards/methods/strata-bet.ts';
import type { GuardSpec } from '../../src/guards/spec.ts';
import {
  eligibleBet,
  NO_LOWER,
  newAgreementGuard,
  newClickGuard,
  newErrorGuard,
  newLatencyGuard,
  newLimitGuard,
  specOf,
} from './guards.ts';
import { CLICK_RULES, ERROR_RULES, LATENCY_RULES, type Minutes, newMinutes, type Rule } from './others.ts';
import { drawBinomial, drawPoisson, newRandom, type Random } from './random.ts';
import { clickDay, type Users } from './users.ts';
import {
  type Arms,
  aboveBoth,
  arrivals,
  clicks,
  DAY_S,
  lnMedian,
  lnSlower,
  newErrors,
  quantileEdge,
  sampleQuantile,
  shareAbove,
  sinceChangeMs,
  TICK_S,
  type World,
  weightAt,
} from './world.ts';

export type Subject =
  | { readonly metric: 'errors' | 'clicks' | 'ladder'; readonly effect: number }
  /** `eligible`: blocks of 10 s and an edge from the first second. */
  | { readonly metric: 'latency'; readonly q: number; readonly effect: number; readonly eligible: boolean }
  /** Canary's errors, or its latencies above 50 ms, against a limit. */
  | { readonly metric: 'limit'; readonly of: 'rate' | 'quantile'; readonly limit: number; readonly share: number }
  | {
      readonly metric: 'agreement';
      readonly net: boolean;
      readonly least: number;
      readonly pairsPerSecond: number;
      readonly noise: number;
      readonly share: number;
    }
  | { readonly metric: 'users'; readonly users: Users };

export interface Case {
  readonly id: string;
  readonly world: World;
  readonly subject: Subject;
  readonly alpha: number;
}

/** Seconds from the onset; -1 = never in 24 h of run. Rules of others: only where asked. */
export interface Day {
  readonly ours: Readonly<Record<string, number>>;
  readonly others: Readonly<Record<string, number>>;
  /** Length of BET's blocks at the onset, s; 0 = no BET. */
  readonly blockS: number;
}

export function simulate(one: Case, seed: number, day: number, withOthers: boolean): Day {
  const random = newRandom(seed, hash(one.id), day);
  const { subject, world, alpha } = one;
  switch (subject.metric) {
    case 'users':
      return only(clickDay(random, userSpec(alpha), subject.users));
    case 'limit':
      return only(limitDay(random, world, subject, alpha));
    case 'agreement':
      return only(agreementDay(random, subject, alpha));
    case 'latency':
      return latencyDay(random, world, subject, alpha, withOthers ? newRandom(seed, hash(one.id), day, 1) : undefined);
    case 'ladder':
      return ladderDay(random, world, subject.effect);
    default:
      return countDay(random, world, subject.metric, subject.effect, alpha, withOthers);
  }
}

function only(seconds: number): Day {
  return { ours: { fired: seconds }, others: {}, blockS: 0 };
}

export function userSpec(alpha: number): GuardSpec {
  return specOf({ metric: 'outcome', outcome: 'click', of: 'ratio', attributionMs: 0 }, NO_LOWER, alpha);
}

/** FNV-1a. */
function hash(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

function countDay(
  random: Random,
  world: World,
  metric: 'errors' | 'clicks',
  effect: number,
  alpha: number,
  withOthers: boolean,
): Day {
  const errors = newErrors(random, world, effect);
  const errorGuard = newErrorGuard(alpha);
  const clickGuard = newClickGuard(alpha, NO_LOWER);
  const minutes = newMinutes();
  let [fired, blockS] = [-1, 0];
  for (let second = 0; second < DAY_S; second += TICK_S) {
    if (second <= world.onsetS && metric === 'errors') blockS = errorGuard.bet().seconds;
    const arms = arrivals(random, world, second);
    const events = metric === 'errors' ? errors(second, arms) : clicks(random, world, second, arms, effect);
    const weightBp = weightAt(world, second);
    if (fired < 0) {
      const isHarm =
        metric === 'errors' ? errorGuard.step(weightBp, arms, events) : clickGuard.step(weightBp, arms, events);
      if (isHarm) fired = second + TICK_S;
    }
    if (withOthers) note(minutes, second, arms, events);
    else if (fired >= 0) break;
  }
  const rules = withOthers ? (metric === 'errors' ? ERROR_RULES : CLICK_RULES) : [];
  return { ours: { fired: since(world, fired) }, others: judged(rules, minutes, world), blockS };
}

/** -1 stays; an alarm before the onset is one of a healthy time, and told as negative seconds of it. */
function since({ onsetS }: World, second: number): number {
  return second < 0 ? -1 : second - onsetS;
}

function judged(rules: readonly Rule[], minutes: Minutes, world: World): Record<string, number> {
  return Object.fromEntries(
    rules.map(({ name, minute }) => {
      const found = minute(minutes);
      return [name, since(world, found < 0 ? -1 : found * 60)];
    }),
  );
}

function note(minutes: Minutes, second: number, arms: Arms, events: Arms): void {
  const at = Math.floor(second / 60);
  const add = (values: number[], more: number) => {
    values[at] = (values[at] ?? 0) + more;
  };
  add(minutes.canary, arms.canary);
  add(minutes.stable, arms.stable);
  add(minutes.canaryEvents, events.canary);
  add(minutes.stableEvents, events.stable);
}

const LN_LIMIT = Math.log(50);

function latencyDay(
  random: Random,
  world: World,
  { q, effect, eligible }: Extract<Subject, { metric: 'latency' }>,
  alpha: number,
  ofOthers: Random | undefined,
): Day {
  const stableIn5Min = Math.round(world.requestsPerSecond * 300 * (1 - weightAt(world, 0) / 10_000));
  const edge = eligible ? quantileEdge(random, stableIn5Min, q, lnMedian(world, 0)) : undefined;
  const guard = newLatencyGuard(q, alpha, { bet: eligible ? eligibleBet() : newStrataBet(), edge });
  const minutes = newMinutes();
  let [fired, blockS] = [-1, 0];
  for (let second = 0; second < DAY_S; second += TICK_S) {
    if (second <= world.onsetS) blockS = guard.bet().seconds;
    const arms = arrivals(random, world, second);
    const median = lnMedian(world, second);
    const slower = lnSlower(world, second, effect);
    const at = guard.edge ?? LN_LIMIT;
    const [canaryAbove, canaryOver] = aboveBoth(random, arms.canary, at, LN_LIMIT, median + slower);
    const [stableAbove, stableOver] = aboveBoth(random, arms.stable, at, LN_LIMIT, median);
    if (fired < 0) {
      const above = { canary: canaryAbove, stable: stableAbove };
      const takeEdge = (lagged: number) => quantileEdge(random, lagged, q, median);
      if (guard.step(weightAt(world, second), arms, above, takeEdge)) fired = second + TICK_S;
    }
    if (ofOthers !== undefined) {
      note(minutes, second, arms, { canary: canaryOver, stable: stableOver });
      if ((second + TICK_S) % 60 === 0) noteP95(ofOthers, minutes, second, median, slower);
    } else if (fired >= 0) break;
  }
  const rules = ofOthers === undefined ? [] : LATENCY_RULES;
  return { ours: { fired: since(world, fired) }, others: judged(rules, minutes, world), blockS };
}

function noteP95(random: Random, minutes: Minutes, second: number, median: number, slower: number): void {
  const at = Math.floor(second / 60);
  const p95 = (n: number | undefined, lnMedianMs: number) =>
    n === undefined || n < 1 ? 0 : Math.exp(sampleQuantile(random, n, 0.95, lnMedianMs));
  minutes.canaryP95[at] = p95(minutes.canary[at], median + slower);
  minutes.stableP95[at] = p95(minutes.stable[at], median);
}

function limitDay(
  random: Random,
  world: World,
  { of, limit, share }: Extract<Subject, { metric: 'limit' }>,
  alpha: number,
): number {
  const guard = newLimitGuard(alpha, limit, of);
  for (let second = 0; second < DAY_S; second += TICK_S) {
    const { canary } = arrivals(random, world, second);
    if (guard(canary, drawBinomial(random, canary, share))) return second + TICK_S;
  }
  return -1;
}

function agreementDay(
  random: Random,
  { net, least, pairsPerSecond, noise, share }: Extract<Subject, { metric: 'agreement' }>,
  alpha: number,
): number {
  const guard = newAgreementGuard(alpha, least, net);
  for (let second = 0; second < DAY_S; second += TICK_S) {
    const pairs = drawPoisson(random, pairsPerSecond * TICK_S);
    const agreeing = drawBinomial(random, pairs, share);
    const candidateOnly = net ? drawBinomial(random, pairs, noise + 1 - share) : 0;
    const twinOnly = net ? drawBinomial(random, pairs - candidateOnly, noise / (1 - noise - 1 + share)) : 0;
    if (guard({ pairs, agreeing, candidateOnly, twinOnly })) return second + TICK_S;
  }
  return -1;
}

/** All guards of a rollout side by side, with the warm-up after each step of the weight. `effect` is 1, or multiplies errors. */
function ladderDay(random: Random, world: World, effect: number): Day {
  const errors = newErrors(random, world, effect);
  const [errorGuard, clickGuard] = [newErrorGuard(0.01), newClickGuard(0.01, NO_LOWER)];
  const tails = (
    [
      [0.95, 0.01],
      [0.99, 0.005],
    ] as const
  ).map(([q, alpha]) => {
    return { q, guard: newLatencyGuard(q, alpha, { bet: newStrataBet(), edge: undefined }) };
  });
  const ours: Record<string, number> = { errors: -1, p95: -1, p99: -1, clicks: -1 };
  const fire = (name: string, isHarm: boolean, second: number) => {
    if (isHarm && ours[name] === -1) ours[name] = second + TICK_S;
  };
  for (let second = 0; second < DAY_S; second += TICK_S) {
    const arms = arrivals(random, world, second);
    const [weightBp, since] = [weightAt(world, second), sinceChangeMs(world, second)];
    fire('errors', errorGuard.step(weightBp, arms, errors(second, arms), since), second);
    fire('clicks', clickGuard.step(weightBp, arms, clicks(random, world, second, arms, 1)), second);
    const median = lnMedian(world, second);
    for (const { q, guard } of tails) {
      const p = guard.edge === undefined ? 0 : shareAbove(guard.edge, median);
      const above = { canary: drawBinomial(random, arms.canary, p), stable: drawBinomial(random, arms.stable, p) };
      const takeEdge = (lagged: number) => quantileEdge(random, lagged, q, median);
      fire(q === 0.95 ? 'p95' : 'p99', guard.step(weightBp, arms, above, takeEdge, since), second);
    }
  }
  return { ours, others: {}, blockS: 0 };
}
