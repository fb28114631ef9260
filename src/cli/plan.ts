import type { WrittenOut } from '../config/expand-plan.ts';
import { loadChecked } from '../config/load.ts';
import { type Config, RefusedPlanError } from '../config/parse.ts';
import { formatPercent } from '../config/units.ts';
import { grouped, printed, printedMs, roughly } from '../guards/numbers.ts';
import { LEAST_EVENTS } from '../plan/needs.ts';
import { type GuardPlan, planOf, type RolloutPlan, type StagePlan } from '../plan/plan.ts';
import { FoundError, UsageError } from './exit.ts';
import { findTraffic, type KnownTraffic } from './plan-traffic.ts';
import { configPath, type Settings } from './settings.ts';
import { table } from './table.ts';
import { printJson, type Terminal } from './terminal.ts';
import { writtenOut } from './written-plan.ts';

export interface PlanOptions extends Settings {
  /** Requests per second to each rollout; undefined: as seen, or assumed. */
  readonly rate?: number;
  readonly json?: boolean;
  /** What `plan:` stands for, and nothing else. */
  readonly yaml?: boolean;
}

/**
 * Prints what each stage of the rollouts (of `only`, where it is given) can tell. Throws FoundError when a plan is refused,
 * after it has printed the plan and why; ConfigError when the configuration is wrong in another way.
 */
export async function showPlan(only: string | undefined, options: PlanOptions, terminal: Terminal): Promise<void> {
  const { config, plans: written, refused } = read(options, terminal);
  const rollouts = config.rollouts.filter(({ name }) => only === undefined || name === only);
  if (rollouts.length === 0) {
    const known = config.rollouts.map(({ name }) => name).join(', ');
    throw new UsageError(`no rollout ${JSON.stringify(only)} in the configuration: it has ${known}`);
  }
  if (options.yaml) {
    for (const { name } of rollouts) terminal.out(writtenOut(name, written));
    return;
  }
  const admin = options.admin ?? terminal.env.UNDERSTUDY_ADMIN ?? config.sockets.admin;
  const known = await findTraffic({ ...options, admin }, terminal);
  const plans: RolloutPlan[] = [];
  for (const rollout of rollouts) {
    const traffic = known(rollout.name);
    const plan = planOf(rollout, traffic);
    plans.push(plan);
    if (options.json) printJson(terminal, { ...plan, rate: traffic.from });
    else terminal.out(`${plans.length > 1 ? '\n' : ''}${describe(plan, traffic, terminal)}`);
  }
  if (refused !== undefined && plans.some(({ unjudged }) => unjudged.length > 0)) {
    terminal.error(`the plan is refused\n${refused.message}\n`);
    throw new FoundError('the plan is refused');
  }
}

interface Read {
  readonly config: Config;
  readonly plans: readonly WrittenOut[];
  readonly refused: RefusedPlanError | undefined;
}

/** A plan that is refused is shown all the same. */
function read(options: PlanOptions, terminal: Terminal): Read {
  try {
    return { ...loadChecked(configPath(options, terminal)), refused: undefined };
  } catch (error) {
    if (error instanceof RefusedPlanError) return { config: error.config, plans: error.plans, refused: error };
    throw error;
  }
}

const RATE_FROM = { given: '', seen: ', as the sidecar has seen', assumed: ', assumed: --rate says another' } as const;

function describe(plan: RolloutPlan, { requestsPerSecond, from }: KnownTraffic, terminal: Terminal): string {
  const { rollout, stages, budget, expectedMs } = plan;
  const rate = `${printed(requestsPerSecond, '')} requests a second${RATE_FROM[from]}`;
  if (stages.length === 0) return `${rollout}: no stages, its weight is set by hand\n`;
  const parts = [
    `${rollout}: ${stages.length} stages, ${expected(expectedMs)} at ${rate}\n${stageTable(plan, terminal)}`,
  ];
  if (stages[0]?.guards.length) parts.push(matrix(plan, terminal), details(plan, terminal));
  const alphas = budget.parts.map(({ guard, alpha }) => `${guard} ${alpha}`).join(' + ');
  parts.push(
    budget.parts.length === 0
      ? 'No guard with evidence can stop it.\n'
      : `A healthy release is stopped by evidence with a chance of at most ${budget.sum} (${alphas}); ${budget.max} are allowed.\n`,
  );
  return parts.join('\n');
}

function stageTable({ stages }: RolloutPlan, terminal: Terminal): string {
  const heads = ['STAGE', 'WEIGHT', 'SCOPE', 'HOLD', 'CANARY/S', 'PAIRS/S', 'EXPECTED', 'ON'];
  const rows = stages.map((plan, n) => {
    const { stage, canaryPerSecond, pairsPerSecond, expectedMs } = plan;
    const scope = Object.entries(stage.scope).map(([name, values]) => `${name}=${values.join(',')}`);
    const on = n === stages.length - 1 ? 'the end' : leftBy(plan);
    const rates = [canaryPerSecond, pairsPerSecond].map((perSecond) => printed(perSecond, ''));
    return [
      ...[stage.name, formatPercent(stage.weightBp), scope.join(' ') || '-', holdOf(plan), ...rates],
      ...[expected(expectedMs), on],
    ];
  });
  const isScoped = stages.some(({ stage }) => Object.keys(stage.scope).length > 0);
  const scoped = isScoped ? 'With a scope fewer come, by a share that is not known.\n' : '';
  return table(terminal, heads, rows) + scoped;
}

/** At this rate; what comes too slowly is given up. */
function leftBy({ stage: { hold, approve }, holdMs, expectedMs }: StagePlan): string {
  const never = Number.POSITIVE_INFINITY;
  const overdueMs = (hold.timeMs > 0 ? hold.timeMs : (holdMs ?? never)) + hold.atMostMs;
  if ((expectedMs ?? never) > overdueMs) return `pauses after ${printedMs(overdueMs)}`;
  return approve === 'required' ? 'a person agrees' : 'by itself';
}

function holdOf({ stage: { hold } }: StagePlan): string {
  const parts = [
    hold.timeMs > 0 ? printedMs(hold.timeMs) : '',
    hold.pairs > 0 ? `${grouped(hold.pairs)} pairs` : '',
    hold.requests > 0 ? `${grouped(hold.requests)} requests` : '',
  ];
  return parts.filter((part) => part !== '').join(', ') || '-';
}

function expected(ms: number | undefined): string {
  if (ms === undefined) return 'never over';
  return ms === 0 ? 'at once' : `about ${printedMs(ms)}`;
}

/** What each guard looks at in each stage; `-` = nothing. */
function matrix({ stages }: RolloutPlan, terminal: Terminal): string {
  const rows = (stages[0]?.guards ?? []).map(({ guard, action, dryRun, waits }, n) => [
    ...[guard, dryRun ? `${action} (dry run)` : action, waits],
    ...stages.map(({ guards }) => (guards[n]?.subject === 'none' ? '-' : (guards[n]?.subject ?? '-'))),
  ]);
  return table(terminal, ['GUARD', 'ACTION', 'STAGES WAIT FOR', ...stages.map(({ stage }) => stage.name)], rows);
}

function details({ stages }: RolloutPlan, terminal: Terminal): string {
  const rows = stages.flatMap(({ stage, guards }) =>
    guards.map((guard) => [stage.name, guard.guard, ...detail(guard)]),
  );
  return table(terminal, ['STAGE', 'GUARD', 'NEEDS', 'TO FIND', 'FINDS IN ITS TIME'], rows);
}

function detail({ subject, why, needs }: GuardPlan): [needs: string, find: string, finds: string] {
  if (subject === 'none') return [`not applicable: ${why}`, '-', '-'];
  if (needs === undefined) return ['what it needs shows when it is seen', '-', '-'];
  const { good, bad, of } = needs.effect;
  const { n, ms, detectable, events } = needs;
  const time = ms === undefined ? 'never at this rate' : `about ${printedMs(ms)}`;
  const care = events < LEAST_EVENTS ? ` (only ${Math.round(events)} events: take it with care)` : '';
  const noun = subject === 'pairs' ? 'pairs' : of.startsWith('units') ? 'units' : 'requests';
  const step = (to: number) => `${of} ${printed(good, 'share')} -> ${printed(to, 'share')}`;
  return [`${roughly(n)} ${noun}, ${time}${care}`, step(bad), detectable === undefined ? '-' : step(detectable)];
}
