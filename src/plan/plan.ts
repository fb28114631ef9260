/** What each stage of a rollout can tell: which guard looks at what, how much it takes, and how long that is. Pure. */
import { type AlphaBudget, alphaBudgetOf } from '../guards/budget.ts';
import { isPromoting, moves } from '../guards/promoting.ts';
import type { GuardSpec, StageSpec } from '../guards/spec.ts';
import { subjectOf } from '../guards/subject.ts';
import type { Subject } from '../guards/verdict.ts';
import { type Needs, needsOf } from './needs.ts';
import { type PlannedRollout, shadowsOf } from './rollout.ts';
import type { Traffic } from './traffic.ts';
import { findUnjudged, type Unjudged } from './unjudged.ts';

export interface GuardPlan {
  readonly guard: string;
  readonly action: GuardSpec['action'];
  readonly dryRun: boolean;
  /** What a stage waits for: that it is shown to be fine, or only that it is not shown to be harmful. */
  readonly waits: 'shown' | 'no harm' | 'nothing';
  readonly subject: Subject;
  /** Why it is not applicable; `` where it is. */
  readonly why: string;
  /** Undefined: not applicable, or it cannot be said before it was seen. */
  readonly needs: Needs | undefined;
}

export interface StagePlan {
  readonly stage: StageSpec;
  /** What comes in a stage, at the rate that is asked for. Those of a scope are fewer, by an unknown share. */
  readonly canaryPerSecond: number;
  readonly pairsPerSecond: number;
  readonly guards: readonly GuardPlan[];
  /** Until its hold is reached; undefined: never at this rate. */
  readonly holdMs: number | undefined;
  /** The same, and until each guard that can hold it up has enough; of the last stage, which is not left, its hold alone. */
  readonly expectedMs: number | undefined;
}

export interface RolloutPlan {
  readonly rollout: string;
  readonly traffic: Traffic;
  readonly stages: readonly StagePlan[];
  /** Undefined: at least one stage never ends at this rate. */
  readonly expectedMs: number | undefined;
  readonly budget: AlphaBudget;
  /** Stages that nobody would judge: such a plan is refused. */
  readonly unjudged: readonly Unjudged[];
}

export function planOf(rollout: PlannedRollout, traffic: Traffic): RolloutPlan {
  const stages = rollout.stages.map((stage, n) => stagePlan(rollout, stage, traffic, n === rollout.stages.length - 1));
  return {
    rollout: rollout.name,
    traffic,
    stages,
    expectedMs: addUp(stages.map(({ expectedMs }) => expectedMs)),
    budget: alphaBudgetOf(rollout.guards),
    unjudged: findUnjudged(rollout),
  };
}

function stagePlan(rollout: PlannedRollout, stage: StageSpec, traffic: Traffic, isLast: boolean): StagePlan {
  const weight = stage.weightBp / 10_000;
  const canaryPerSecond = traffic.requestsPerSecond * weight;
  const pairsPerSecond = pairRate(rollout, weight, traffic);
  const { timeMs, pairs, requests } = stage.hold;
  const holdMs = longest([timeMs, timeFor(pairs, pairsPerSecond), timeFor(requests, canaryPerSecond)]);
  const shadows = shadowsOf(rollout);
  const guards = rollout.guards.map((guard): GuardPlan => {
    const { name, action, dryRun } = guard;
    const { subject, why } = subjectOf(guard, stage.weightBp, shadows);
    const perSecond = subject === 'pairs' ? pairsPerSecond : rateOf(guard, weight, traffic);
    const needs =
      subject === 'none'
        ? undefined
        : needsOf(guard, subject === 'pairs' ? 0 : weight, perSecond, holdMs ?? 0, traffic);
    return { guard: name, action, dryRun, waits: waitsFor(guard), subject, why, needs };
  });
  const holding = guards.filter(({ waits, needs }) => !isLast && needs !== undefined && waits === 'shown');
  const expectedMs = holdMs === undefined ? undefined : longest([holdMs, ...holding.map(({ needs }) => needs?.ms)]);
  return { stage, canaryPerSecond, pairsPerSecond, guards, holdMs, expectedMs };
}

function waitsFor(guard: GuardSpec): GuardPlan['waits'] {
  if (isPromoting(guard)) return 'shown';
  return moves(guard) ? 'no harm' : 'nothing';
}

/** Users are canary's as soon as there are any; a split is of all units, of which there are at most as many as requests. */
function rateOf({ what }: GuardSpec, weight: number, { requestsPerSecond }: Traffic): number {
  return what.metric === 'srm' || weight === 0 ? requestsPerSecond : requestsPerSecond * weight;
}

/** Each shadow is a copy of what the other version answered. */
function pairRate(rollout: PlannedRollout, weight: number, { requestsPerSecond }: Traffic): number {
  const { candidateShadow, mirrorBackShadow } = shadowsOf(rollout);
  const rate = (name: string | undefined, answering: number) => {
    const shadow = rollout.shadows.find((candidate) => candidate.name === name);
    if (shadow === undefined) return 0;
    const copies = requestsPerSecond * answering * (shadow.sampleBp / 10_000);
    return Math.min(copies, shadow.maxPerSecond ?? copies);
  };
  return rate(candidateShadow, 1 - weight) + rate(mirrorBackShadow, weight);
}

function timeFor(n: number, perSecond: number): number | undefined {
  if (n === 0) return 0;
  return perSecond > 0 ? (n / perSecond) * 1_000 : undefined;
}

function longest(times: readonly (number | undefined)[]): number | undefined {
  return times.includes(undefined) ? undefined : Math.max(...times.map((time) => time ?? 0));
}

function addUp(times: readonly (number | undefined)[]): number | undefined {
  return times.includes(undefined) ? undefined : times.reduce<number>((sum, time) => sum + (time ?? 0), 0);
}
