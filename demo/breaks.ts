import { paint, table } from '../src/cli/table.ts';
import type { Terminal } from '../src/cli/terminal.ts';
import type { Event } from '../src/gen/understudy/admin/v1/admin.ts';
import { bucketOf } from '../src/routing/bucket.ts';
import { type Circle, rolloutNow } from './circle.ts';
import { follow, happenedMs, tell } from './events.ts';
import type { Load } from './load.ts';
import { type Fault, slowMs } from './models/faulty.ts';
import { nextBuild, rolloutName, v2, v3 } from './rollout.ts';
import { count, heading } from './screen.ts';
import { type Asked, metBy } from './split.ts';

const withinMs = 300_000;
/** Of the stage in which it breaks. */
const weightBp = 500;
/** So many good answers from it before it breaks. */
const healthy = 5;

const breaks: readonly { fault: Exclude<Fault, 'none'>; version: string; what: string }[] = [
  { fault: 'slow', version: '2.1.0', what: `each answer takes ${slowMs / 1_000} s` },
  { fault: 'errors', version: '2.1.1', what: 'each answer is a 500' },
  { fault: 'hanging', version: '2.1.2', what: 'no answer comes' },
];

type Outcome = { readonly cells: readonly (string | number)[]; readonly problems: readonly string[] };

/** Act 3. `asked` grows while it plays. Resolves with what did not hold. */
export async function breakReleases(
  circle: Circle,
  load: Load,
  asked: readonly Asked[],
  terminal: Terminal,
): Promise<string[]> {
  heading(
    terminal,
    '3. v2 breaks on stage: slow, then errors, then hanging',
    'Three builds of v2, one after the other. Each rehearses well, is promoted to 5 % and breaks there, for',
    'users only. What has to be judged is judged every 10 s; for what cannot wait there is a circuit breaker.',
  );
  const outcomes: Outcome[] = [];
  for (const one of breaks) outcomes.push(await breakOne(circle, load, asked, terminal, one));
  const heads = ['BUILD', 'FAULT', 'STOPPED BY', 'SECONDS TO WEIGHT 0', 'REQUESTS', 'USERS'];
  const lines = table(
    terminal,
    heads,
    outcomes.map(({ cells }) => cells),
  )
    .trimEnd()
    .split('\n');
  terminal.out(`\n${lines.map((line) => `   ${line}\n`).join('')}\n`);
  terminal.out(
    '   Seconds are from the first request that met the fault until every decide thread has confirmed weight 0;\n',
  );
  terminal.out('   requests and users are those that met it. Everybody else was answered by v2, without an error.\n');
  return outcomes.flatMap(({ problems }) => problems);
}

async function breakOne(
  circle: Circle,
  load: Load,
  asked: readonly Asked[],
  terminal: Terminal,
  { fault, version, what }: (typeof breaks)[number],
): Promise<Outcome> {
  const build = nextBuild(version);
  await circle.breakNext('none');
  await circle.release(v2, build, [v3]);
  await circle.routes.lead(circle.envoy, { canary: build.cluster });
  terminal.out(`   ${paint(terminal, 'bold', `${version}, ${fault}: ${what}`)}\n`);

  const from = asked.length;
  let brokenFrom = Number.POSITIVE_INFINITY;
  let isOnStage = false;
  const done: Partial<Record<string, Event>> = {};
  await follow(circle, terminal, withinMs, {
    event(event) {
      const { kind } = event;
      done[kind] ??= event;
      if (kind === 'promoted') isOnStage = true;
      if (kind === 'promoted' || kind === 'rollback-started') tell(terminal, event);
      return kind === 'rolled-back' ? 'over' : undefined;
    },
    async between() {
      const answered = asked.slice(from).filter((one) => one.version === build.name).length;
      if (!isOnStage || answered < healthy || brokenFrom < Number.POSITIVE_INFINITY) return;
      await circle.breakNext(fault);
      brokenFrom = performance.now();
    },
  });
  const { phase, cause, weightBp: after } = await rolloutNow(circle.sidecar);
  // who hangs is told by Envoy, after 10 s
  await load.settled();
  await circle.breakNext('none');
  const problems: string[] = [];
  const stopped = done['rolled-back'];
  const confirmedMs = stopped === undefined ? Number.NaN : happenedMs(stopped);
  if (phase !== 'rolled-back' || after !== 0) {
    problems.push(`${version} (${fault}) was not rolled back: it is ${phase} (${cause})`);
  }
  const isOfCanary = (user: string) => bucketOf(`${rolloutName}/${version}`, 'header', user) < weightBp;
  const now = asked.slice(from);
  const met = metBy(now, { brokenFromMs: brokenFrom, slowMs: slowMs / 2, isOfCanary });
  if (met.requests === 0) problems.push(`nobody met the fault of ${version} (${fault}): it was not tried`);
  if (met.others > 0) problems.push(`${met.others} requests of users on stable failed while ${version} was ${fault}`);
  const isHurt = ({ version: by, status }: Asked) => by === build.name || status < 200 || status > 299;
  const late = now.filter((one) => one.sentMs > confirmedMs && isHurt(one)).length;
  if (late > 0) problems.push(`${late} requests sent after weight 0 of ${version} was confirmed met it all the same`);
  const seconds = (confirmedMs - met.firstMs) / 1_000;
  const by = cause === 'guard' ? `guard ${done['rollback-started']?.reason.split(':')[0] ?? ''}` : cause;
  return { cells: [version, fault, by, seconds.toFixed(1), count(met.requests), count(met.users)], problems };
}
