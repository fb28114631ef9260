import { formatPercent } from '../config/units.ts';
import type { ListRolloutsResponse, Rollout, Sidecar } from '../gen/understudy/admin/v1/admin.ts';
import { ask, follow, withAdmin } from './client.ts';
import type { Settings } from './settings.ts';
import { paint, table } from './table.ts';
import { printJson, type Terminal } from './terminal.ts';

export interface StatusOptions extends Settings {
  readonly watch?: boolean;
  readonly json?: boolean;
}

const clearScreen = '\x1b[2J\x1b[H';

/** Prints every rollout, what its shadows showed, and the sidecar itself; with `watch` again after every change. */
export function showStatus(options: StatusOptions, terminal: Terminal): Promise<void> {
  const show = (answer: ListRolloutsResponse) => {
    if (options.json) printJson(terminal, answer);
    else terminal.out(`${options.watch && terminal.interactive ? clearScreen : ''}${describe(answer, terminal)}\n`);
  };
  return withAdmin(options, terminal, async (client) => {
    if (options.watch) await follow(client.watchRollouts({ intervalMs: 0 }), terminal, show);
    else show(await ask(client, client.listRollouts, {}));
  });
}

function describe({ rollouts, sidecar }: ListRolloutsResponse, terminal: Terminal): string {
  const parts = [
    table(
      terminal,
      ['ROLLOUT', 'RELEASE', 'WEIGHT', 'PHASE', 'STABLE', 'CANARY', 'REVISION', 'BY'],
      rollouts.map(rolloutRow),
    ),
  ];
  const decisions = rollouts.flatMap(decisionRows);
  if (decisions.length > 0) parts.push(table(terminal, ['ROLLOUT', 'ARM', 'REASON', 'DECISIONS'], decisions));
  const shadows = rollouts.flatMap(shadowRows);
  if (shadows.length > 0) {
    const heads = [
      'ROLLOUT',
      'SHADOW',
      'VERSION',
      'PAIRS',
      'SAME STATUS',
      'SAME BODY',
      'OUTPUTS',
      'P95 REFERENCE',
      'P95 CANDIDATE',
    ];
    parts.push(table(terminal, heads, shadows));
  }
  if (sidecar) parts.push(describeSidecar(sidecar, terminal));
  return parts.join('\n');
}

function rolloutRow(rollout: Rollout): (string | number)[] {
  const { name, release, weightBp, phase, cause, stable, canary, revision, updatedBy } = rollout;
  const where = cause === '' ? phase : `${phase} (${cause})`;
  return [
    name,
    release,
    formatPercent(weightBp),
    where,
    stable?.version ?? '',
    canary?.version ?? '',
    revision,
    updatedBy,
  ];
}

function decisionRows({ name, decisions }: Rollout): (string | number)[][] {
  return decisions.map(({ arm, reason, count }) => [name, arm, reason, count]);
}

function shadowRows({ name, shadows, tallies }: Rollout): (string | number)[][] {
  return shadows.map((shadow) => {
    const version = shadow.twin ? `${shadow.version} (twin)` : shadow.version;
    const tally = tallies.find((candidate) => candidate.shadow === shadow.name);
    if (!tally) return [name, shadow.name, version, 0, '-', '-', '-', '-', '-'];
    const outputs = tally.outputs.map((output) => `${output.name} ${share(output.same, output.compared)}`).join(', ');
    return [
      name,
      shadow.name,
      version,
      tally.pairs,
      share(tally.sameStatus, tally.pairs),
      share(tally.sameBody, tally.bodiesCompared),
      outputs || '-',
      milliseconds(tally.referenceLatency),
      milliseconds(tally.candidateLatency),
    ];
  });
}

function share(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(2)} % of ${whole}`;
}

function milliseconds(latency: { count: number; p95Ms: number } | undefined): string {
  return latency && latency.count > 0 ? `${latency.p95Ms.toFixed(1)} ms` : '-';
}

function describeSidecar({ version, revision, startedAtMs, threads }: Sidecar, terminal: Terminal): string {
  const rows = threads.map((thread) => [
    thread.name,
    paint(terminal, thread.state === 'serving' ? 'green' : 'red', thread.state),
    thread.revision,
    thread.restarts,
  ]);
  const since = new Date(startedAtMs).toISOString();
  return `understudy ${version}, revision ${revision}, since ${since}\n${table(terminal, ['THREAD', 'STATE', 'REVISION', 'RESTARTS'], rows)}`;
}
