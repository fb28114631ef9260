import type { AdminTcp } from '../access/admin-tcp.ts';
import type { WebhookSpec } from '../notifications/spec.ts';
import type { OutcomesSpec } from '../outcomes/spec.ts';
import { findUnjudged } from '../plan/unjudged.ts';
import type { RecordingSpec, RedactSpec } from '../recording/spec.ts';
import type { RolloutSpec } from '../rollout/spec.ts';
import type { TlsFiles } from '../sockets/tls.ts';
import { findContradictions } from './contradictions.ts';
import { expandPlan, problemIn, type WrittenOut, writtenPlans } from './expand-plan.ts';
import { faultsOf } from './forms.ts';
import { toWebhook } from './notifications.ts';
import { ConfigError, inOrder, type Problem } from './problem.ts';
import { toSpec } from './rollout.ts';
import { type ConfigFile, fileSchema } from './schema.ts';
import { readSource, type Source } from './source.ts';
import { type Lists, type ReadFile, readLists } from './top-k.ts';
import { findWarnings } from './warnings.ts';
import { wellFormed } from './well-formed.ts';

type Issue = Parameters<typeof faultsOf>[0];

/** understudy.yaml, complete: every default is filled in. */
export interface Config {
  readonly trustedHeaders: readonly string[];
  /** Absolute paths, or `host:port` (of decide on loopback); one decide thread for each of `decide`. The admin socket is a path. */
  readonly sockets: { readonly decide: readonly string[]; readonly observe: string; readonly admin: string };
  /** Absolute path of the SQLite file. */
  readonly store: string;
  /** `host:port` of /metrics, /healthz and /readyz; undefined = not served. */
  readonly metrics: { readonly listen: string } | undefined;
  /** The admin API by TCP; undefined = only at sockets.admin. */
  readonly admin: AdminTcp | undefined;
  /** TLS of sockets.observe; undefined = none. */
  readonly observe: { readonly tls: TlsFiles } | undefined;
  /** Absolute path of a MaxMind database. */
  readonly geoip: { readonly database: string } | undefined;
  readonly redact: RedactSpec;
  /** Undefined = nothing is recorded. */
  readonly recording: RecordingSpec | undefined;
  /** Undefined = no outcomes are taken. */
  readonly outcomes: OutcomesSpec | undefined;
  readonly notifications: readonly WebhookSpec[];
  /** Captured bodies of kept pairs may be shown. */
  readonly allowBodies: boolean;
  readonly rollouts: readonly RolloutSpec[];
}

/** A good configuration, and what somebody should know of it, from top to bottom. */
export interface CheckedConfig {
  readonly config: Config;
  readonly warnings: readonly Problem[];
  /** Of each rollout with a `plan`, what it stands for. */
  readonly plans: readonly WrittenOut[];
}

/** Everything is right but that a stage would be passed without anybody having judged the canary. */
export class RefusedPlanError extends ConfigError {
  readonly config: Config;
  readonly plans: readonly WrittenOut[];

  constructor(problems: readonly Problem[], { config, plans }: Omit<CheckedConfig, 'warnings'>) {
    super(problems);
    this.config = config;
    this.plans = plans;
  }
}

/**
 * Reads the text of understudy.yaml; `fileName` is only what problems are printed with, `readFile` gives the files that
 * it names. Throws ConfigError with every problem of form and every contradiction between fields that are well-formed.
 */
export function parseConfig(text: string, fileName: string, readFile: ReadFile = unread): CheckedConfig {
  return parseSource(readSource(text, fileName), readFile);
}

/** The same of what was read already. */
export function parseSource(source: Source, readFile: ReadFile): CheckedConfig {
  const parsed = fileSchema.safeParse(source.plain);
  const file = wellFormed(fileSchema, source.plain);
  const lists = readLists(file?.rollouts ?? [], readFile);
  const problemAt = problemIn(source, file?.rollouts ?? []);
  const problems = [
    ...withoutFollowing(parsed.error?.issues ?? []).flatMap((issue) => problemsOfForm(issue, source)),
    ...(file === undefined ? [] : [...findContradictions(file), ...lists.problems]).map(
      ({ path, expected, ...fault }) => problemAt(path, expected, fault),
    ),
  ];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  const data = { ...parsed.data, rollouts: parsed.data.rollouts.map(expandPlan) };
  const config = toConfig(data, lists);
  const unjudged = config.rollouts.flatMap((rollout, i) =>
    findUnjudged(rollout).map(({ index, reason }) =>
      problemAt(['rollouts', i, 'stages', index], 'a guard that judges this stage, or approve: required', { reason }),
    ),
  );
  const plans = writtenPlans(parsed.data.rollouts, source.plain);
  if (unjudged.length > 0) throw new RefusedPlanError(unjudged, { config, plans });
  const warnings = findWarnings(data).map(({ path, message }) => problemAt(path, 'what is meant', { message }));
  return { config, warnings: inOrder(warnings), plans };
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
  { trustedHeaders, rollouts, metrics, admin, observe, geoip, recording, outcomes, notifications, ...rest }: ConfigFile,
  lists: Lists,
): Config {
  return {
    ...rest,
    metrics,
    admin: admin && { ...admin, tls: admin.tls && toTls(admin.tls) },
    observe: observe && { tls: toTls(observe.tls) },
    geoip,
    recording: recording && toRecording(recording),
    outcomes: outcomes && toOutcomes(outcomes),
    notifications: notifications.map(toWebhook),
    trustedHeaders: [...new Set(trustedHeaders)],
    rollouts: rollouts.map((entry) => toSpec(entry, lists)),
  };
}

function toTls({ clientCa, ...files }: NonNullable<ConfigFile['observe']>['tls']): TlsFiles {
  return { ...files, clientCa };
}

function toRecording({ sample, maxAge, ...recording }: NonNullable<ConfigFile['recording']>): RecordingSpec {
  return { ...recording, sampleBp: sample, maxAgeMs: maxAge };
}

function toOutcomes({ sample, keep, ...outcomes }: NonNullable<ConfigFile['outcomes']>): OutcomesSpec {
  return { ...outcomes, sampleBp: sample, keepMs: keep };
}
