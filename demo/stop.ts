import { ask } from '../src/cli/client.ts';
import type { Terminal } from '../src/cli/terminal.ts';
import type { Event, Pair } from '../src/gen/understudy/admin/v1/admin.ts';
import { type Circle, rolloutNow } from './circle.ts';
import { catchAllOf } from './envoy-file.ts';
import { confirmed, follow, guardRows, tell, tellGuards } from './events.ts';
import { describeTallies } from './figures.ts';
import { slippedState } from './models/fit.ts';
import { showWhereTheyPart } from './parting.ts';
import { describeWait } from './promotion.ts';
import { rolloutName, v2, v3 } from './rollout.ts';
import { heading, liveBlock } from './screen.ts';
import type { Seen } from './split.ts';

const withinMs = 300_000;

/** Act 2. Resolves with what did not hold, and with a pair that is worth a look if there was one. */
export async function stopBadRelease(
  circle: Circle,
  answers: readonly Seen[],
  terminal: Terminal,
): Promise<{ problems: string[]; pair: Pair | undefined }> {
  heading(
    terminal,
    '2. v3 is stopped, by one state',
    "Envoy's catch-all route leads to v2 from now on, and v2 is completed: it answers also without us. Then",
    'understudy.yaml names v3 as the next version, under the same plan. Over all traffic it looks fine, but',
    'one guard looks at each state on its own.',
  );
  const problems = await complete(circle, terminal);
  const from = answers.length;
  await circle.release(v2, v3);
  await circle.routes.lead(circle.envoy, { canary: v3.cluster });

  const stopped: Event[] = [];
  const live = liveBlock(terminal);
  const shown = async () => {
    const rollout = await rolloutNow(circle.sidecar);
    return { tallies: describeTallies(v2, rollout.tallies), wait: describeWait(terminal, rollout) };
  };
  await follow(circle, terminal, withinMs, {
    async event(event) {
      if (event.kind === 'promoted') tell(terminal, event);
      if (event.kind !== 'paused' && event.kind !== 'rollback-started') return undefined;
      live.show(`${(await shown()).tallies}\n`);
      tell(terminal, event);
      tellGuards(terminal, event);
      stopped.push(event);
      return 'over';
    },
    async between() {
      if (!terminal.interactive) return;
      const { tallies, wait } = await shown();
      live.show(`${tallies}${wait}`);
    },
  });
  const { phase, cause, weightBp, tallies } = await rolloutNow(circle.sidecar);
  terminal.out('\n');
  const pair = await showWhereTheyPart(circle, tallies, terminal);

  const [stop] = stopped;
  const failing = guardRows(stop?.guards ?? '[]').filter(({ status }) => status === 'fail');
  if (phase !== 'paused' || cause !== 'guard') problems.push(`v3 was not paused by a guard: it is ${phase} (${cause})`);
  const isFound = failing.some(({ guard, segment }) => guard === 'by-state' && segment === `state=${slippedState}`);
  if (!isFound) problems.push(`no guard found that v3 is wrong in ${slippedState}`);
  if (weightBp !== 0) problems.push(`v3 was let on stage, at ${weightBp / 100} %`);
  const met = answers.slice(from).filter(({ version }) => version === v3.name).length;
  terminal.out(`   Users who were answered by v3: ${met === 0 ? 'none' : met}.\n`);
  return { problems: met === 0 ? problems : [...problems, `v3 answered ${met} requests`], pair };
}

/** As an operator does when everybody is on the new version. Resolves with what did not hold. */
async function complete(circle: Circle, terminal: Terminal): Promise<string[]> {
  const { envoy, routes, sidecar } = circle;
  await routes.lead(envoy, { catchAll: v2.cluster });
  const change = { rollout: rolloutName, reason: 'everybody is on v2', actor: 'demo', expectedRevision: undefined };
  const seen = { catchAllCluster: await catchAllOf(envoy), seenIn: `config_dump of 127.0.0.1:${envoy.adminPort}` };
  await ask(sidecar.admin, sidecar.admin.complete, { change, ...seen });
  const { phase } = await rolloutNow(sidecar);
  await follow(circle, terminal, withinMs, {
    async event(event) {
      if (event.kind !== 'completed') return undefined;
      tell(terminal, event);
      await confirmed(circle, event);
      return 'over';
    },
  });
  return phase === 'completed' ? [] : [`v2 is not completed: it is ${phase}`];
}
