import { loadChecked } from '../config/load.ts';
import type { CheckedConfig } from '../config/parse.ts';
import { ConfigError, formatProblem, inOrder } from '../config/problem.ts';
import { alphaBudgetOf } from '../guards/budget.ts';
import type { FieldSpec } from '../prediction/spec.ts';
import type { RolloutSpec } from '../rollout/spec.ts';
import { describeRecording, estimateRecording, type RecordingEstimate } from './check-recording.ts';
import { missingSecrets } from './check-secrets.ts';
import { configPath, type Settings } from './settings.ts';
import { table } from './table.ts';
import { printJson, type Terminal } from './terminal.ts';

export interface CheckOptions extends Settings {
  readonly json?: boolean;
  /** Requests per second to each rollout, for what a recording takes. */
  readonly rate: number;
}

/**
 * Prints what the configuration says and what may not be meant in it; of a sidecar nothing is asked. `file` is the
 * configuration when it is given. Throws ConfigError with all that is wrong.
 */
export function check(file: string | undefined, options: CheckOptions, terminal: Terminal): void {
  const path = file ?? configPath(options, terminal);
  const checked = load(path, options, terminal);
  const { config, warnings } = checked;
  const rollouts = config.rollouts.map(summary);
  const recording = estimateRecording(config, options.rate);
  if (options.json) {
    printJson(terminal, { file: path, good: true, problems: [], warnings, rollouts, recording: recording ?? null });
  } else terminal.out(describe(path, checked, recording, terminal));
}

/** For programs the problems are on standard output too. */
function load(file: string, { json }: CheckOptions, terminal: Terminal): CheckedConfig {
  try {
    const checked = loadChecked(file);
    return { ...checked, warnings: inOrder([...checked.warnings, ...missingSecrets(file, checked.config)]) };
  } catch (error) {
    if (json && error instanceof ConfigError) {
      printJson(terminal, { file, good: false, problems: error.problems, warnings: [], rollouts: [], recording: null });
    }
    throw error;
  }
}

function describe(
  file: string,
  { config, warnings }: CheckedConfig,
  recording: RecordingEstimate | undefined,
  terminal: Terminal,
): string {
  const heads = ['ROLLOUT', 'ROUTES', 'STABLE', 'CANARY', 'SHADOWS', 'UNIT', 'RULES'];
  const rows = config.rollouts
    .map(summary)
    .map(({ name, routes, stable, canary, shadows, unit, rules }) => [
      name,
      routes.join(', '),
      stable,
      canary,
      shadows.join(', ') || '-',
      unit.join(', ') || '-',
      rules,
    ]);
  const lines = warnings.map((warning) => `${formatProblem(warning, 'warning: ')}\n`);
  const parts = [
    `${file} is good\n${table(terminal, heads, rows)}`,
    fieldTable(config.rollouts, terminal),
    guardTable(config.rollouts, terminal),
    config.recording && recording ? describeRecording(recording, config.recording) : '',
    lines.join(''),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function fieldTable(rollouts: readonly RolloutSpec[], terminal: Terminal): string {
  const rows = rollouts.flatMap(({ name, prediction }) =>
    (prediction?.fields ?? []).map((field) => [name, field.name, placeOf(field), describeCompare(field.compare)]),
  );
  return rows.length === 0 ? '' : table(terminal, ['ROLLOUT', 'FIELD', 'FROM', 'COMPARED AS'], rows);
}

/** What stages and guards there are, and how often a healthy release is stopped by evidence at most. */
function guardTable(rollouts: readonly RolloutSpec[], terminal: Terminal): string {
  const rows = rollouts
    .filter(({ stages, guards }) => stages.length + guards.length > 0)
    .map(({ name, stages, guards }) => [
      name,
      stages.map((stage) => stage.name).join(', ') || '-',
      guards.map((guard) => guard.name).join(', ') || '-',
      alphaBudgetOf(guards).sum,
    ]);
  return rows.length === 0 ? '' : table(terminal, ['ROLLOUT', 'STAGES', 'GUARDS', 'FALSE ALARMS'], rows);
}

/** `at /score`, `header x-model-version`, `status`; `body` is all of it. */
function placeOf({ source }: FieldSpec): string {
  if ('status' in source) return 'status';
  return 'at' in source && source.at === '' ? 'body' : Object.entries(source).flat().join(' ');
}

/** `number, abs 0.001, rel 0.01`: shares are fractions, as in the evidence. */
function describeCompare({ kind, ...rest }: FieldSpec['compare']): string {
  const said = Object.entries(rest).filter(([, value]) => value !== undefined && String(value) !== '');
  return [
    kind,
    ...said.map(([key, value]) => `${key} ${typeof value === 'object' ? JSON.stringify(value) : value}`),
  ].join(', ');
}

function summary({ name, routes, stable, canary, shadows, unit, rules, prediction, ...plan }: RolloutSpec) {
  return {
    name,
    routes,
    stable: stable.version,
    canary: canary.version,
    shadows: shadows.map((shadow) => `${shadow.name} ${shadow.version}`),
    unit: unit.map((source) => Object.entries(source).flat().join(' ')),
    rules: rules.length,
    preset: prediction?.preset ?? null,
    fields: prediction?.fields ?? [],
    stages: plan.stages,
    guards: plan.guards,
    falseAlarms: alphaBudgetOf(plan.guards).sum,
  };
}
