import type { OutcomesSpec } from '../outcomes/spec.ts';
import { findUnjudged } from '../plan/unjudged.ts';
import type { RecordingSpec, RedactSpec } from '../recording/spec.ts';
import type { RolloutSpec } from '../rollout/spec.ts';
import type { Rule, Shadow } from '../routing/snapshot.ts';
import { findContradictions } from './contradictions.ts';
import { faultsOf } from './forms.ts';
import { toStage } from './guards.ts';
import { toBaseline, toPrediction } from './prediction.ts';
import { ConfigError, inOrder, type Problem } from './problem.ts';
import { type ConfigFile, fileSchema, type RolloutEntry } from './schema.ts';
import { readSource, type Source } from './source.ts';
import { type Lists, type ReadFile, readLists } from './top-k.ts';
import { findWarnings } from './warnings.ts';
import { wellFormed } from './well-formed.ts';

type Issue = Parameters<typeof faultsOf>[0];

/** understudy.yaml, complete: every default is filled in. */
export interface Config {
  readonly trustedHeaders: readonly string[];
  /** Absolute paths, or `host:port` on loopback; one decide thread for each of `decide`. The admin socket is a path. */
  readonly sockets: { readonly decide: readonly string[]; readonly observe: string; readonly admin: string };
  /** Absolute path of the SQLite file. */
  readonly store: string;
  /** `host:port` of /metrics, /healthz and /readyz; undefined = not served. */
  readonly metrics: { readonly listen: string } | undefined;
  /** Absolute path of a MaxMind database. */
  readonly geoip: { readonly database: string } | undefined;
  readonly redact: RedactSpec;
  /** Undefined = nothing is recorded. */
  readonly recording: RecordingSpec | undefined;
  /** Undefined = no outcomes are taken. */
  readonly outcomes: OutcomesSpec | undefined;
  /** Captured bodies of kept pairs may be shown. */
  readonly allowBodies: boolean;
  readonly rollouts: readonly RolloutSpec[];
}

/** A good configuration, and what somebody should know of it, from top to bottom. */
export interface CheckedConfig {
  readonly config: Config;
  readonly warnings: readonly Problem[];
}

/** Everything is right but that a stage would be passed without anybody having judged the canary. */
export class RefusedPlanError extends ConfigError {
  readonly config: Config;

  constructor(problems: readonly Problem[], config: Config) {
    super(problems);
    this.config = config;
  }
}

/**
 * Reads the text of understudy.yaml; `fileName` is only what problems are printed with, `readFile` gives the files that
 * it names. Throws ConfigError with every problem of form and every contradiction between fields that are well-formed.
 */
export function parseConfig(text: string, fileName: string, readFile: ReadFile = unread): CheckedConfig {
  const source = readSource(text, fileName);
  const parsed = fileSchema.safeParse(source.plain);
  const file = wellFormed(fileSchema, source.plain);
  const lists = readLists(file?.rollouts ?? [], readFile);
  const problems = [
    ...withoutFollowing(parsed.error?.issues ?? []).flatMap((issue) => problemsOfForm(issue, source)),
    ...(file === undefined ? [] : [...findContradictions(file), ...lists.problems]).map(
      ({ path, expected, ...fault }) => source.problem(path, expected, fault),
    ),
  ];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  const config = toConfig(parsed.data, lists);
  const unjudged = config.rollouts.flatMap((rollout, i) =>
    findUnjudged(rollout).map(({ index, reason }) =>
      source.problem(['rollouts', i, 'stages', index], 'a guard that judges this stage, or approve: required', {
        reason,
      }),
    ),
  );
  if (unjudged.length > 0) throw new RefusedPlanError(unjudged, config);
  const warnings = findWarnings(parsed.data).map(({ path, message }) =>
    source.problem(path, 'what is meant', { message }),
  );
  return { config, warnings: inOrder(warnings) };
}

function unread(): never {
  throw new Error('no file is read here');
}

/** A map with an unknown key is not also told that it lacks something: the key may be meant to be that. */
function withoutFollowing(issues: readonly Issue[]): readonly Issue[] {
  const unknownAt = new Set(issues.filter(({ code }) => code === 'unrecognized_keys').map(({ path }) => path.join()));
  return issues.filter(({ code, path }) => code !== 'custom' || !unknownAt.has(path.join()));
}

function problemsOfForm(issue: Issue, source: Source): Problem[] {
  return faultsOf(issue).map(({ path, expected, ...fault }) =>
    fault.unknownKey
      ? source.problem(path, 'a known key', { atKey: true, message: expected })
      : source.problem(path, expected, fault),
  );
}

function toConfig(
  { trustedHeaders, rollouts, metrics, geoip, recording, outcomes, ...rest }: ConfigFile,
  lists: Lists,
): Config {
  return {
    ...rest,
    metrics,
    geoip,
    recording: recording && toRecording(recording),
    outcomes: outcomes && toOutcomes(outcomes),
    trustedHeaders: [...new Set(trustedHeaders)],
    rollouts: rollouts.map((entry) => toSpec(entry, lists)),
  };
}

function toRecording({ sample, maxAge, ...recording }: NonNullable<ConfigFile['recording']>): RecordingSpec {
  return { ...recording, sampleBp: sample, maxAgeMs: maxAge };
}

function toOutcomes({ sample, keep, ...outcomes }: NonNullable<ConfigFile['outcomes']>): OutcomesSpec {
  return { ...outcomes, sampleBp: sample, keepMs: keep };
}

function toSpec(rollout: RolloutEntry, lists: Lists): RolloutSpec {
  const { route, salt, initialWeight, capture, rules, shadows, prediction, baseline, stages, ...entry } = rollout;
  return {
    ...entry,
    prediction: prediction && toPrediction(prediction),
    baseline: baseline && toBaseline(baseline, lists.texts),
    shadows: shadows.map(toShadow),
    routes: route ?? [entry.name],
    rules: rules.map(toRule),
    capture: { requestBytes: capture.request, responseBytes: capture.response },
    salt: salt ?? `${entry.name}/${entry.canary.version}`,
    initialWeightBp: initialWeight ?? 0,
    stages: (stages ?? []).map(toStage),
  };
}

function toShadow({ sample, maxBody, maxPerSecond, ...shadow }: RolloutEntry['shadows'][number]): Shadow {
  return { ...shadow, sampleBp: sample, maxBodyBytes: maxBody, maxPerSecond };
}

function toRule({ when: conditions, arm, weight }: RolloutEntry['rules'][number]): Rule {
  const when = Object.fromEntries(Object.entries(conditions).filter(([, match]) => match !== undefined));
  return arm === undefined ? { when, weightBp: weight ?? 0 } : { when, arm };
}
