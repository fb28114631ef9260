/** Plays traffic into a breaker as threads report it: decisions at once, log entries when requests end. No clock. */
import { AnswerCounts } from '../../../src/accesslog/answer-counts.ts';
import { DecisionCounts } from '../../../src/extproc/decision-counts.ts';
import { SLOT_MS } from '../../../src/rollout/breaker-window.ts';
import type { Trip } from '../../../src/rollout/people.ts';
import { compileSnapshot, decide } from '../../../src/routing/decide.ts';
import type { Arm } from '../../../src/routing/snapshot.ts';
import { createBreaker } from '../../../src/threads/breaker.ts';
import { production } from '../pairing/exchanges.ts';
import { facts, rollout } from '../routing/rollout.ts';

export interface Request {
  /** In which slot it is decided. */
  readonly at: number;
  readonly arm: Arm;
  /** Slots until its log entry comes; undefined = it never does. */
  readonly takes: number | undefined;
  readonly fails?: boolean;
  /** What its log entry says of when it was decided; default: `at`. */
  readonly saysAt?: number | undefined;
  /** Of the rollout then. */
  readonly revision?: number;
  readonly forced?: boolean;
}

export interface Tripped extends Trip {
  readonly slot: number;
  readonly release: string;
}

/** What tripped until `slots` have gone by. `effect`: whether it changes anything. */
export function play(requests: readonly Request[], slots: number, effect = true): readonly Tripped[] {
  let now = 0;
  let revision = 1;
  const trips: Tripped[] = [];
  const counted: string[] = [];
  const breaker = createBreaker({
    controller: {
      snapshot: () => ({ revision, unitKey: '', rollouts: [] }),
      trip(_, release, trip) {
        trips.push({ ...trip, slot: now, release });
        if (effect) revision++;
      },
    },
    count: (name) => counted.push(name),
    nowMs: () => now * SLOT_MS,
  });
  const decisions = new DecisionCounts();
  const answers = new AnswerCounts();
  const rollouts = new Map<number, ReturnType<typeof rollout>>();
  const rolloutOf = (wanted: number) => {
    const found = rollouts.get(wanted) ?? rollout({ revision: wanted });
    rollouts.set(wanted, found);
    return found;
  };
  const starting = Map.groupBy(requests, ({ at }) => at);
  const ending = Map.groupBy(requests, ({ at, takes }) => (takes === undefined ? -1 : at + takes));
  for (; now < slots; now++) {
    for (const { arm, revision: of = 7, forced } of starting.get(now) ?? []) {
      decisions.add({ ...DECISION, rollout: rolloutOf(of), arm, reason: forced ? 'rule' : 'hash' }, now);
    }
    for (const { at, arm, fails, revision: of = 7, forced, ...said } of ending.get(now) ?? []) {
      const slot = 'saysAt' in said ? said.saysAt : at;
      const { decision } = production('id');
      const exchange = production('id', [], {
        arm,
        status: fails ? 500 : 200,
        decision: { ...decision, reason: forced ? 'rule' : 'hash', slot },
      });
      answers.add(exchange, rolloutOf(of), fails ? 'http-5xx' : undefined);
    }
    breaker.addDecide(decisions.take());
    breaker.addObserve({ answered: answers.take() });
  }
  const isCounted = trips.length === counted.length || !effect;
  if (!isCounted) throw new Error(`${trips.length} trips, counted ${counted}`);
  return trips;
}

const DECISION = (() => {
  const decision = decide(compileSnapshot({ revision: 1, unitKey: '', rollouts: [rollout()] }), facts());
  if (decision === undefined) throw new Error('no decision');
  return decision;
})();

/** So many of each arm in every slot from `from` to before `to`. */
export function steady(
  counts: Readonly<Record<Arm, number>>,
  [from, to]: readonly [number, number],
  each: (arm: Arm, at: number, n: number) => Partial<Request> = () => ({}),
): Request[] {
  const requests: Request[] = [];
  for (let at = from; at < to; at++) {
    for (const arm of ['stable', 'canary'] as const) {
      for (let n = 0; n < counts[arm]; n++) requests.push({ at, arm, takes: 1, ...each(arm, at, n) });
    }
  }
  return requests;
}
