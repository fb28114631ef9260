import { formatPercent } from '../config/units.ts';
import type {
  ListRolloutsResponse,
  Recording,
  RetiredVersion,
  Rollout,
  Sidecar,
} from '../gen/understudy/admin/v1/admin.ts';
import { ask, follow, withAdmin } from './client.ts';
import { phaseText, progressText, stageText } from './place.ts';
import { printable } from './printable.ts';
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
  const parts = [describeRollouts(rollouts, terminal)];
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
  const arms = rollouts.flatMap(armRows);
  if (arms.length > 0) {
    parts.push(table(terminal, ['ROLLOUT', 'ARM', 'REQUESTS', 'ERRORS', 'P50', 'P95', 'P99', 'USER P95'], arms));
  }
  const fields = rollouts.flatMap(fieldRows);
  if (fields.length > 0) {
    const heads = [
      'ROLLOUT',
      'SHADOW',
      'FIELD',
      'PAIRS',
      'AGREE',
      'NOISE',
      'MISSING',
      'P50 REFERENCE',
      'P50 CANDIDATE',
    ];
    parts.push(table(terminal, heads, fields));
  }
  const worst = rollouts.flatMap(({ name, tallies }) =>
    tallies.flatMap(({ shadow, worstSegments }) =>
      worstSegments.map(({ sentence, pairs }) => `${name}/${shadow}  ${sentence} (of ${pairs})\n`),
    ),
  );
  if (worst.length > 0) parts.push(`Where they part most:\n${worst.map((line) => `  ${line}`).join('')}`);
  if (sidecar) parts.push(describeSidecar(sidecar, terminal));
  return parts.join('\n');
}

/** A line each, and below it how far its stage is, why it does not go on, and what may be taken down. */
function describeRollouts(rollouts: readonly Rollout[], terminal: Terminal): string {
  const hasStages = rollouts.some(({ stages }) => stages.length > 0);
  const stageHead = hasStages ? ['STAGE'] : [];
  const rows = rollouts.map((rollout) => {
    const { name, release, weightBp, stable, canary, revision, updatedBy } = rollout;
    const stage = hasStages ? [stageText(rollout) ?? '-'] : [];
    const place = [formatPercent(weightBp), paintPhase(rollout, terminal), ...stage];
    return [name, release, ...place, stable?.version ?? '', canary?.version ?? '', revision, printable(updatedBy)];
  });
  const heads = ['ROLLOUT', 'RELEASE', 'WEIGHT', 'PHASE', ...stageHead, 'STABLE', 'CANARY', 'REVISION', 'BY'];
  const [head = '', ...lines] = table(terminal, heads, rows).trimEnd().split('\n');
  const full = rollouts.flatMap((rollout, index) => [lines[index] ?? '', ...detailsOf(rollout)]);
  return `${[head, ...full].join('\n')}\n`;
}

const PHASE_STYLES: Readonly<Record<string, 'red' | 'yellow' | 'green'>> = {
  'rolling-back': 'red',
  'rolled-back': 'red',
  paused: 'yellow',
  extended: 'yellow',
  promoted: 'green',
  completed: 'green',
};

function paintPhase(rollout: Rollout, terminal: Terminal): string {
  const style = PHASE_STYLES[rollout.phase];
  return style === undefined ? phaseText(rollout) : paint(terminal, style, phaseText(rollout));
}

/** In these the stage's time counts no more. */
const OVER = new Set(['rolling-back', 'rolled-back', 'promoted', 'completed']);

function detailsOf(rollout: Rollout): string[] {
  const { phase, byHand, waits, retired } = rollout;
  const progress = OVER.has(phase) || byHand ? undefined : progressText(rollout);
  return [
    ...(progress === undefined ? [] : [`  ${printable(progress)}`]),
    ...waits.map((wait) => `  ${printable(wait)}`),
    ...retired.map((one) => `  ${retiredText(one)}`),
  ];
}

function retiredText({ version, cluster, retiredAtMs, lastTrafficMs }: RetiredVersion): string {
  const time = (ms: number) => new Date(ms).toISOString();
  const seen =
    lastTrafficMs === undefined ? 'not seen to answer since the start' : `last answered ${time(lastTrafficMs)}`;
  return `retired: ${version} (${cluster}) since ${time(retiredAtMs)}, ${seen}`;
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
      milliseconds(tally.referenceLatency?.p95Ms),
      milliseconds(tally.candidateLatency?.p95Ms),
    ];
  });
}

function armRows({ name, arms }: Rollout): (string | number)[][] {
  return arms.map(({ arm, requests, errors, latency, userLatency }) => {
    const failed = Object.entries(errors).reduce((sum, [kind, count]) => sum + (kind === 'aborted' ? 0 : count), 0);
    const { p50Ms, p95Ms, p99Ms } = latency ?? {};
    return [
      ...[name, arm, requests, share(failed, requests)],
      ...[p50Ms, p95Ms, p99Ms, userLatency?.p95Ms].map(milliseconds),
    ];
  });
}

function fieldRows({ name, tallies }: Rollout): (string | number)[][] {
  return tallies.flatMap(({ shadow, fields }) =>
    fields.map((field) => [
      ...[name, shadow, field.name, field.pairs, share(field.agreeing, field.pairs)],
      field.noise === undefined ? '-' : percent(field.noise),
      field.missingReference + field.missingCandidate === 0
        ? '-'
        : `${field.missingReference} reference, ${field.missingCandidate} candidate`,
      ...[field.referenceP50, field.candidateP50].map((value) => (value === undefined ? '-' : value.toPrecision(4))),
    ]),
  );
}

function percent(part: number): string {
  return `${(100 * part).toFixed(2)} %`;
}

function share(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(2)} % of ${whole}`;
}

/** Undefined: too few were seen. */
function milliseconds(ms: number | undefined): string {
  return ms === undefined ? '-' : `${ms.toFixed(1)} ms`;
}

function describeSidecar(sidecar: Sidecar, terminal: Terminal): string {
  const { version, revision, startedAtMs, threads, recording } = sidecar;
  const rows = threads.map((thread) => [
    thread.name,
    paint(terminal, thread.state === 'serving' ? 'green' : 'red', thread.state),
    thread.revision,
    thread.restarts,
  ]);
  const since = new Date(startedAtMs).toISOString();
  return [
    `understudy ${version}, revision ${revision}, since ${since}\n`,
    recording === undefined ? '' : describeRecording(recording, terminal),
    table(terminal, ['THREAD', 'STATE', 'REVISION', 'RESTARTS'], rows),
  ].join('');
}

function describeRecording({ bytesOnDisk, oldestMs, lastError }: Recording, terminal: Terminal): string {
  const oldest = oldestMs === undefined ? '' : ` since ${new Date(oldestMs).toISOString()}`;
  const failing = lastError === '' ? '' : `, ${paint(terminal, 'red', `failing: ${printable(lastError)}`)}`;
  return `recording: ${(bytesOnDisk / 2 ** 20).toFixed(1)} MiB${oldest}${failing}\n`;
}
