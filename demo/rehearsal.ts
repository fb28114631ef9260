import { paint } from '../src/cli/table.ts';
import type { Terminal } from '../src/cli/terminal.ts';
import type { LatencyQuantiles, Pair, Rollout, ShadowTally, Side } from '../src/gen/understudy/admin/v1/admin.ts';
import { AgreementByState } from './agreement.ts';
import { type Circle, rollout, undecided } from './circle.ts';
import type { Load } from './load.ts';
import { beats, count, heading, liveBlock, percent } from './screen.ts';

const outputs = ['late', 'best_hours', 'expected_delay_minutes'];
const watched = { shadow: 'v3', output: 'late' };
const plainEveryMs = 5_000;

/** Act 1. Resolves with what did not hold, and with a pair that is worth a look if there was one. */
export async function rehearse(
  circle: Circle,
  load: Load,
  terminal: Terminal,
  seconds: number,
): Promise<{ problems: string[]; pair: Pair | undefined }> {
  heading(
    terminal,
    '1. Rehearsal: weight 0 %',
    'Every user is answered by v1. v2 and v3 get a copy of each request and answer nobody: their',
    'answers are paired with those of v1, output by output. Watch the class "late": two models hardly',
    'ever give the same minutes to the last digit, and the best hours to leave are close calls.',
  );
  const byState = new AgreementByState(watched.output);
  const stream = circle.sidecar.admin.watchPairs({
    rollout: rollout.name,
    shadow: watched.shadow,
    onlyDifferent: false,
    recent: 0,
    follow: true,
  });
  // Ours to cancel, and a sidecar that has gone is told by the next call.
  stream.on('data', (pair: Pair) => byState.add(pair)).on('error', () => {});

  const live = liveBlock(terminal);
  let before = { atMs: performance.now(), sent: load.counts().sent };
  let tallies: ShadowTally[] = [];
  for await (const _ of beats(terminal, seconds, plainEveryMs)) {
    ({ tallies } = await theRollout(circle));
    const now = { atMs: performance.now(), sent: load.counts().sent };
    const rate = (1000 * (now.sent - before.sent)) / (now.atMs - before.atMs);
    live.show(`${describeUsers(load, rate, await undecided(circle))}${describeTallies(tallies)}\n`);
    before = now;
  }
  stream.cancel();

  const pair = showWorstState(byState, terminal);
  const missing = rollout.shadows.filter(
    ({ name }) => !tallies.some(({ shadow, pairs }) => shadow === name && pairs > 0),
  );
  return { pair, problems: missing.map(({ name }) => `no request was paired with shadow ${name}`) };
}

async function theRollout({ sidecar }: Circle): Promise<Rollout> {
  const found = (await sidecar.rollouts()).rollouts.find(({ name }) => name === rollout.name);
  if (!found) throw new Error(`Understudy does not know the rollout ${rollout.name}`);
  return found;
}

function describeUsers(load: Load, rate: number, missed: number): string {
  const { failed, byVersion } = load.counts();
  const answered = Object.entries(byVersion).map(([version, answers]) => `${version} ${count(answers)}`);
  const latency = `p50 ${milliseconds(load.quantile(0.5))}, p95 ${milliseconds(load.quantile(0.95))}`;
  const gaps = missed === 0 ? '' : `; no decision in time, so no pair: ${count(missed)}`;
  return [
    `   users: ${rate.toFixed(0)} requests/s, ${latency}, failed ${failed}`,
    `   answered by ${answered.join(', ')}${gaps}\n`,
  ].join('\n');
}

function describeTallies(unordered: ShadowTally[]): string {
  const tallies = unordered.toSorted((a, b) => (a.shadow < b.shadow ? -1 : 1));
  const rows: [string, (tally: ShadowTally) => string][] = [
    ['shadow', ({ shadow }) => shadow],
    ['pairs', ({ pairs }) => count(pairs)],
    ...outputs.map((name): [string, (tally: ShadowTally) => string] => [`${name} agrees`, agreement(name)]),
    ['latency v1, p50 / p95', ({ referenceLatency }) => quantiles(referenceLatency)],
    ['latency shadow, p50 / p95', ({ candidateLatency }) => quantiles(candidateLatency)],
  ];
  return rows
    .map(([label, cell]) => `     ${label.padEnd(32)}${tallies.map((tally) => cell(tally).padEnd(20)).join('')}`)
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function agreement(output: string) {
  return (tally: ShadowTally) => {
    const found = tally.outputs.find(({ name }) => name === output);
    return percent(found?.same ?? 0, found?.compared ?? 0);
  };
}

function quantiles(latency: LatencyQuantiles | undefined): string {
  return latency && latency.count > 0 ? `${latency.p50Ms.toFixed(1)} / ${latency.p95Ms.toFixed(1)} ms` : '-';
}

function showWorstState(byState: AgreementByState, terminal: Terminal): Pair | undefined {
  const found = byState.worst();
  if (!found) return undefined;
  const { worst, others } = found;
  const { shadow, output } = watched;
  terminal.out(
    `   Where does ${shadow} disagree with v1 about "${output}"? The request's state goes along with its pair:\n`,
  );
  const inWorst = `${percent(worst.same, worst.pairs)} agree, of ${count(worst.pairs)} pairs`;
  terminal.out(`     ${worst.state}, the worst  ${paint(terminal, 'yellow', inWorst)}\n`);
  const inOthers = `${percent(others.same, others.pairs)} agree, of ${count(others.pairs)} pairs`;
  terminal.out(`     ${String(others.states).padEnd(2)} others      ${inOthers}\n\n`);
  if (worst.example) terminal.out(describePair(worst.example));
  return worst.example;
}

function describePair({ id, reference, candidate, segments, outputs: same }: Pair): string {
  const named = (wanted: boolean) => outputs.filter((name) => same[name] === wanted).join(', ') || 'nothing';
  return [
    `   One pair of these, a flight from ${segments.state}: ${id}`,
    `     v1 answered the user   ${describeSide(reference)}`,
    `     ${watched.shadow} answered nobody     ${describeSide(candidate)}`,
    `     same: ${named(true)}; different: ${named(false)}\n`,
  ].join('\n');
}

function describeSide(side: Side | undefined): string {
  return `status ${side?.status} from ${side?.cluster} in ${milliseconds(side?.latencyMs ?? Number.NaN)}`;
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(1)} ms`;
}
