import { setTimeout as delay } from 'node:timers/promises';
import { paint } from '../src/cli/table.ts';
import type { Terminal } from '../src/cli/terminal.ts';
import { formatPercent } from '../src/config/units.ts';
import type { Event, Rollout } from '../src/gen/understudy/admin/v1/admin.ts';
import { type Circle, rolloutNow, undecided } from './circle.ts';
import { confirmed, follow, happenedMs, tell, tellGuards } from './events.ts';
import { describeTallies, describeUsers } from './figures.ts';
import type { Load } from './load.ts';
import { stageNames, v1, v2 } from './rollout.ts';
import { count, heading, liveBlock, percent } from './screen.ts';
import { followsWeight, movedBack, type Seen, type Split, splitOf } from './split.ts';

/** A minute is usual; a machine with other things to do takes longer, and that is no failure. */
const withinMs = 600_000;
/** What is sent so shortly before a promotion may be decided by it. */
const onTheWayMs = 250;
/** After the last promotion: that everybody is on it is seen by who asks. */
const lookMs = 3_000;

/** Act 1. `answers` grows while it plays. Resolves with what did not hold. */
export async function promote(
  circle: Circle,
  load: Load,
  answers: readonly Seen[],
  terminal: Terminal,
): Promise<string[]> {
  heading(
    terminal,
    '1. v2 goes on stage, by evidence',
    'Every user is answered by v1, and v2 gets a copy of each request and answers nobody: its answers',
    'are paired with those of v1. An answer predicts the delay in minutes, whether the flight is late,',
    'and the five best hours to leave. When each guard has passed for as long as the stage lasts, the',
    'weight goes up: 0 -> 5 -> 25 -> 95 -> 100 %. A user id is hashed to one of 10,000 buckets, the weight',
    'says how many of them v2 answers: a rising weight moves nobody back.',
  );
  const problems: string[] = [];
  const fromMs = performance.now();
  const sentBefore = load.counts().sent;
  const undecidedBefore = await undecided(circle);
  const promoted: string[] = [];
  let live = liveBlock(terminal);
  let stageFromMs = fromMs;
  let weightBp = 0;

  const users = async () => {
    const rate = (1_000 * (load.counts().sent - sentBefore)) / (performance.now() - fromMs);
    return describeUsers(load, rate, (await undecided(circle)) - undecidedBefore);
  };
  const endStage = async (untilMs: number) => {
    const split = splitOf(
      sentFrom(answers, stageFromMs).filter(({ sentMs }) => sentMs < untilMs),
      v2.name,
    );
    const rollout = await rolloutNow(circle.sidecar);
    if (weightBp === 0) live.show(`${await users()}${describeTallies(v1, rollout.tallies)}\n`);
    else live.show(describeSplit(weightBp, split));
    const gaps = (await undecided(circle)) - undecidedBefore;
    if (!followsWeight(split, weightBp, gaps)) {
      problems.push(`at weight ${formatPercent(weightBp)}, ${split.usersMoved} of ${split.users} users were on v2`);
    }
  };
  const onEvent = async (event: Event): Promise<'over' | undefined> => {
    if (event.kind === 'promoted') {
      await endStage(happenedMs(event) - onTheWayMs);
      tell(terminal, event);
      tellGuards(terminal, event);
      terminal.out('\n');
      const { stage, weightBp: to } = (JSON.parse(event.detail) as { to: { stage: string; weightBp: number } }).to;
      promoted.push(stage);
      weightBp = to;
      // a request that was sent before may still be of the weight before
      await confirmed(circle, event);
      stageFromMs = performance.now();
      live = liveBlock(terminal);
      return stage === stageNames.at(-1) ? 'over' : undefined;
    }
    if (event.kind !== 'release-started') tell(terminal, event);
    return event.kind === 'rollback-started' ? 'over' : undefined;
  };
  const between = async () => {
    if (!terminal.interactive) return;
    const rollout = await rolloutNow(circle.sidecar);
    const split = splitOf(sentFrom(answers, stageFromMs), v2.name);
    const shown = weightBp === 0 ? describeTallies(v1, rollout.tallies) : describeSplit(weightBp, split);
    live.show(`${await users()}${shown}${describeWait(terminal, rollout)}`);
  };
  const isOver = await follow(circle, terminal, withinMs, { event: onEvent, between });
  await sentAfter(answers, performance.now() + lookMs, terminal);
  await endStage(Number.POSITIVE_INFINITY);
  const { phase } = await rolloutNow(circle.sidecar);
  if (!isOver || phase !== 'promoted') problems.push(`v2 was not promoted: it is ${phase}`);
  if (promoted.join() !== stageNames.slice(1).join())
    problems.push(`v2 went through the stages ${promoted.join(', ')}`);

  const back = movedBack(sentFrom(answers, fromMs), v2.name);
  const missed = (await undecided(circle)) - undecidedBefore;
  terminal.out(`\n${describeStay(back, missed)}`);
  return back.requests <= missed ? problems : [...problems, `${back.requests} requests of users on v2 went back to v1`];
}

export function describeWait(terminal: Terminal, { stage, waits }: Rollout): string {
  return `   ${paint(terminal, 'dim', `${stage} ${waits[0] ?? ''}`)}\n`;
}

function describeSplit(weightBp: number, split: Split): string {
  const expected = count(Math.round((split.users * weightBp) / 10_000));
  const users = `${count(split.usersMoved)} of ${count(split.users)} (expected ${expected})`;
  const requests = `${percent(split.requestsMoved, split.requests)} of requests`;
  return `   at ${formatPercent(weightBp)}: users on v2 ${users}, ${requests}\n`;
}

function describeStay({ again, requests }: { again: number; requests: number }, missed: number): string {
  if (requests === 0) {
    return `   Nobody moved back: ${count(again)} times a user on v2 asked again, and each time v2 answered.\n`;
  }
  return [
    `   Of ${count(again)} times that a user on v2 asked again, v1 answered ${count(requests)}.`,
    `   Requests that Envoy sent on without a decision: ${count(missed)}. On a busy machine Understudy can miss its`,
    '   50 ms, and then the user gets the stable version rather than a wait.\n',
  ].join('\n');
}

/** Resolves when an answer has come that was asked for after `ms`. */
export async function sentAfter(answers: readonly Seen[], ms: number, terminal: Terminal): Promise<void> {
  while ((answers.at(-1)?.sentMs ?? 0) < ms) await delay(50, undefined, { signal: terminal.signal });
}

function sentFrom(answers: readonly Seen[], fromMs: number): Seen[] {
  return answers.filter(({ sentMs }) => sentMs >= fromMs);
}
