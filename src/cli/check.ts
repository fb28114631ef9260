import { loadChecked } from '../config/load.ts';
import type { CheckedConfig } from '../config/parse.ts';
import { ConfigError, formatProblem } from '../config/problem.ts';
import type { RolloutSpec } from '../rollout/spec.ts';
import { configPath, type Settings } from './settings.ts';
import { table } from './table.ts';
import { printJson, type Terminal } from './terminal.ts';

export interface CheckOptions extends Settings {
  readonly json?: boolean;
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
  if (options.json) printJson(terminal, { file: path, good: true, problems: [], warnings, rollouts });
  else terminal.out(describe(path, checked, terminal));
}

/** For programs the problems are on standard output too. */
function load(file: string, { json }: CheckOptions, terminal: Terminal): CheckedConfig {
  try {
    return loadChecked(file);
  } catch (error) {
    if (json && error instanceof ConfigError) {
      printJson(terminal, { file, good: false, problems: error.problems, warnings: [], rollouts: [] });
    }
    throw error;
  }
}

function describe(file: string, { config, warnings }: CheckedConfig, terminal: Terminal): string {
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
  return `${file} is good\n${table(terminal, heads, rows)}${lines.length > 0 ? '\n' : ''}${lines.join('')}`;
}

function summary({ name, routes, stable, canary, shadows, unit, rules }: RolloutSpec) {
  return {
    name,
    routes,
    stable: stable.version,
    canary: canary.version,
    shadows: shadows.map((shadow) => `${shadow.name} ${shadow.version}`),
    unit: unit.map((source) => Object.entries(source).flat().join(' ')),
    rules: rules.length,
  };
}
