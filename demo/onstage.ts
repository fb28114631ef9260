import { ask } from '../src/cli/client.ts';
import { paint } from '../src/cli/table.ts';
import type { Terminal } from '../src/cli/terminal.ts';
import { formatPercent } from '../src/config/units.ts';
import { type Circle, rollout, undecided } from './circle.ts';
import { beats, count, heading, liveBlock, percent } from './screen.ts';
import { followsWeight, movedBack, type Seen, type Split, splitOf } from './split.ts';

const newVersion = 'v2';
const steps = [0, 100, 500, 2_500, 10_000];

/** Act 2. `answers` grows while it plays. Resolves with what did not hold. */
export async function goOnStage(
  circle: Circle,
  answers: readonly Seen[],
  terminal: Terminal,
  seconds: number,
): Promise<string[]> {
  heading(
    terminal,
    '2. On stage: weight 0 -> 1 -> 5 -> 25 -> 100 %',
    'Each step is one call of SetWeight, which answers once every decide thread decides by the new',
    'weight. A user id is hashed to one of 10,000 buckets; the weight says how many of them v2 answers.',
    'So the share of users follows the weight, and the share of requests only roughly: a tenth of',
    'these users makes a third of the requests. A rising weight moves nobody back.',
  );
  const problems: string[] = [];
  const fromMs = performance.now();
  const undecidedBefore = await undecided(circle);
  const heads = row('weight', 'confirmed', 'users on v2', '', 'expected', 'requests to v2', 'moved back');
  terminal.out(paint(terminal, 'bold', heads));
  for (const weightBp of steps) {
    const { confirmedAtMs, tookMs, unconfirmed } = await setWeight(circle, weightBp, 'the next step of the demo');
    const live = liveBlock(terminal);
    let split = splitOf([], newVersion);
    for await (const _ of beats(terminal, seconds / steps.length, Number.POSITIVE_INFINITY)) {
      split = splitOf(sentFrom(answers, confirmedAtMs), newVersion);
      live.show(describeStep(weightBp, tookMs, split, movedBack(sentFrom(answers, fromMs), newVersion).requests));
    }
    problems.push(...unconfirmed);
    if (!followsWeight(split, weightBp, (await undecided(circle)) - undecidedBefore)) {
      problems.push(`at weight ${formatPercent(weightBp)}, ${split.usersMoved} of ${split.users} users were on v2`);
    }
  }
  const back = movedBack(sentFrom(answers, fromMs), newVersion);
  const missed = (await undecided(circle)) - undecidedBefore;
  terminal.out(`\n${describeStay(back, missed)}`);
  return back.requests <= missed ? problems : [...problems, `${back.requests} requests of users on v2 went back to v1`];
}

/** Act 3: everyone back to stable at once. Resolves with what did not hold. */
export async function leaveStage(
  circle: Circle,
  answers: readonly Seen[],
  terminal: Terminal,
  seconds: number,
): Promise<string[]> {
  heading(terminal, '3. And back: weight 100 -> 0 %', 'One call, and v1 answers everyone again.');
  const { calledAtMs, confirmedAtMs, tookMs, unconfirmed } = await setWeight(circle, 0, 'the end of the demo');
  for await (const _ of beats(terminal, seconds, Number.POSITIVE_INFINITY));
  const late = sentFrom(answers, calledAtMs).filter(({ version }) => version === newVersion);
  const lastMs = Math.max(...late.map(({ sentMs }) => sentMs - calledAtMs));
  const last = late.length === 0 ? '' : `, the last one ${lastMs.toFixed(0)} ms after it`;
  const { requests, requestsMoved, users } = splitOf(sentFrom(answers, confirmedAtMs), newVersion);
  const since = `${count(requests)} requests of ${count(users)} users, ${count(requestsMoved)} answered by v2`;
  terminal.out(`   confirmed by every decide thread   ${tookMs.toFixed(0)} ms after the call\n`);
  terminal.out(`   sent after the call, still to v2   ${late.length}${last}\n`);
  terminal.out(`   sent after it was confirmed        ${since}\n`);
  return requestsMoved === 0 ? unconfirmed : [...unconfirmed, `v2 answered ${requestsMoved} requests at weight 0 %`];
}

async function setWeight(circle: Circle, weightBp: number, reason: string) {
  const { admin } = circle.sidecar;
  const request = { rollout: rollout.name, weightBp, reason, actor: 'demo', expectedRevision: undefined };
  const calledAtMs = performance.now();
  const { unconfirmedThreads } = await ask(admin, admin.setWeight, request);
  const confirmedAtMs = performance.now();
  const unconfirmed = unconfirmedThreads.map((name) => `${name} did not confirm weight ${formatPercent(weightBp)}`);
  return { calledAtMs, confirmedAtMs, tookMs: confirmedAtMs - calledAtMs, unconfirmed };
}

function describeStep(weightBp: number, tookMs: number, split: Split, back: number): string {
  return row(
    formatPercent(weightBp),
    `in ${tookMs.toFixed(0)} ms`,
    `${count(split.usersMoved)} of ${count(split.users)}`,
    percent(split.usersMoved, split.users),
    count(Math.round((split.users * weightBp) / 10_000)),
    percent(split.requestsMoved, split.requests),
    count(back),
  );
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

function sentFrom(answers: readonly Seen[], fromMs: number): Seen[] {
  return answers.filter(({ sentMs }) => sentMs >= fromMs);
}

function row(...cells: string[]): string {
  const widths = [9, 12, 16, 9, 11, 17, 0];
  return `   ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('')}`.trimEnd().concat('\n');
}
