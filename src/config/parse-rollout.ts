/** One entry of `rollouts:` that is in no file: held to all that the running configuration and the other rollouts say. */
import type { RolloutSpec } from '../rollout/spec.ts';
import { type Config, parseSource } from './parse.ts';
import { ConfigError, type Problem } from './problem.ts';
import { readSource, type Source } from './source.ts';

export interface ParsedRollout {
  readonly spec: RolloutSpec;
  /** As it was written: what YAML makes of the text. */
  readonly plain: unknown;
  readonly warnings: readonly Problem[];
}

/** What of a rollout may not be another's too. */
export type OtherRollout = Pick<RolloutSpec, 'name' | 'routes' | 'stable' | 'canary' | 'shadows' | 'salt'> &
  Partial<Pick<RolloutSpec, 'baseline'>>;

/**
 * `known` are all rollouts there are; one of the same name is what this takes the place of. Problems have lines and columns of `text`, and paths inside the entry; `fileName`
 * is only what they are printed with. Throws ConfigError.
 */
export function parseRollout(
  text: string,
  fileName: string,
  running: Config,
  known: readonly OtherRollout[],
): ParsedRollout {
  const source = readSource(text, fileName);
  const { plain } = source;
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) {
    throw new ConfigError([source.problem([], 'one entry of rollouts: (a map)')]);
  }
  const others = known.filter(({ name }) => !('name' in plain) || name !== plain.name);
  const { config, warnings } = parseSource(asFile(source, running, others), noFiles);
  const spec = config.rollouts.at(-1);
  if (spec === undefined) throw new RangeError('a file without its last rollout');
  // what the others may not mean was said when they were taken
  return { spec, plain, warnings: warnings.filter(({ path }) => path !== '') };
}

/** A file with the others, cut down to what must be theirs alone, and then this one. */
function asFile(source: Source, running: Config, others: readonly OtherRollout[]): Source {
  const { trustedHeaders, sockets, metrics, admin, observe, geoip, outcomes } = running;
  return {
    plain: {
      trustedHeaders,
      sockets,
      ...(metrics && { metrics: { listen: metrics.listen } }),
      ...(admin && { admin }),
      ...(observe && { observe }),
      ...(geoip && { geoip }),
      ...(outcomes && { outcomes: { database: outcomes.database, keep: `${Math.floor(outcomes.keepMs / 1_000)}s` } }),
      rollouts: [...others.map(cutDown), source.plain],
    },
    problem(path, expected, fault) {
      const [top, index, ...rest] = path;
      if (top === 'rollouts' && index === others.length) return source.problem(rest, expected, fault);
      const whose = typeof index === 'number' ? others[index]?.name : undefined;
      const reason = [whose === undefined ? String(top) : `at ${rest.join('.')} of rollout ${whose}`, fault?.reason];
      return source.problem([], expected, { reason: reason.filter((part) => part !== undefined).join(': ') });
    },
  };
}

function cutDown({ name, routes, stable, canary, shadows, salt, baseline }: OtherRollout) {
  const listen = baseline !== undefined && 'listen' in baseline ? baseline.listen : undefined;
  return {
    name,
    route: [...routes],
    stable: { cluster: stable.cluster, version: stable.version },
    canary: { cluster: canary.cluster, version: canary.version },
    shadows: shadows.map(({ cluster, version }, n) => ({ name: `shadow-${n}`, cluster, version })),
    salt,
    ...(listen !== undefined && { baseline: { listen, constant: 0 } }),
  };
}

/** Whoever may ask this may not read files of this machine by it. */
function noFiles(): never {
  throw new Error('files are read only for rollouts that are written in the configuration file');
}
