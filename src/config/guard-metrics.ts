/** What each metric of a guard takes: its keys, how its threshold is given, and its defaults. */
import type { GuardMetric, GuardSpec } from '../guards/spec.ts';
import type { Amount } from './amount.ts';

export type MetricWord = GuardMetric['metric'];
export type LimitKey = 'max' | 'min' | 'maxDrop';

/** One way to give a threshold. */
export interface LimitForm {
  readonly key: LimitKey;
  /** Together with `versus: stable`. */
  readonly versus: boolean;
  readonly units: readonly Amount['unit'][];
  readonly expected: string;
}

export interface MetricForm {
  /** Beside name, metric, for, missing, action, promote, dryRun and those of its threshold. */
  readonly keys: readonly string[];
  readonly required: readonly string[];
  /** Empty: it has no threshold. */
  readonly limits: readonly LimitForm[];
  /** Its own sequential method; `none`: limits only. */
  readonly evidence: GuardSpec['evidence'];
  readonly defaults: {
    /** Without evidence. */
    readonly forMs: number;
    readonly windowMs: number;
    readonly minN: number;
    readonly action: GuardSpec['action'];
  };
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

const limit = (key: LimitKey, units: LimitForm['units'], expected: string, versus = false): LimitForm => ({
  ...{ key, units, expected, versus },
});
const latencyLimits = [
  limit('max', ['ms'], 'a time, for example 50ms'),
  limit('max', ['relative'], "a share of stable's value, for example 10% relative", true),
];
const margin = 'a margin and what it is of: 10% relative, or 0.1 points (percentage points)';

const window = ['window', 'minN'];
const proof = ['evidence', 'alpha'];
const counted = [...window, 'scope'];
const pairKeys = ['field', ...counted, ...proof];
const pairDefaults = { forMs: 5 * MINUTE_MS, windowMs: 60 * MINUTE_MS, minN: 200, action: 'block' } as const;

export const METRICS: Readonly<Record<MetricWord, MetricForm>> = {
  latency: {
    keys: ['quantile', 'clear', 'warmUp', ...counted, ...proof],
    required: ['quantile'],
    limits: latencyLimits,
    evidence: 'e-value',
    defaults: { forMs: 15 * MINUTE_MS, windowMs: MINUTE_MS, minN: 200, action: 'rollback' },
  },
  'feature-fetch': {
    keys: ['quantile', 'clear', 'warmUp', ...counted, ...proof],
    required: ['quantile'],
    limits: latencyLimits,
    evidence: 'e-value',
    defaults: { forMs: 5 * MINUTE_MS, windowMs: MINUTE_MS, minN: 200, action: 'rollback' },
  },
  'error-rate': {
    keys: ['clear', 'warmUp', ...counted, ...proof],
    required: [],
    limits: [
      limit('max', ['share'], 'a share of requests, for example 0.1%'),
      limit('max', ['relative', 'points'], margin, true),
    ],
    evidence: 'e-value',
    defaults: { forMs: 5 * MINUTE_MS, windowMs: 60 * MINUTE_MS, minN: 3_000, action: 'rollback' },
  },
  'pair.agreement': {
    keys: [...pairKeys, 'net', 'clear'],
    required: ['field'],
    limits: [limit('min', ['share'], 'a share of pairs, for example 98%')],
    evidence: 'e-value',
    defaults: pairDefaults,
  },
  'pair.difference': {
    keys: [...pairKeys, 'measure', 'clear'],
    required: ['field'],
    limits: [
      limit('max', ['number', 'relative'], "a number, or a share of the reference's mean, for example 10% relative"),
      limit('min', ['number'], 'a number'),
    ],
    evidence: 'e-value',
    defaults: pairDefaults,
  },
  'pair.shift': {
    keys: [...pairKeys, 'quantile', 'clear'],
    required: ['field', 'quantile'],
    limits: [limit('max', ['relative'], "a share of the reference's quantile, for example 10% relative")],
    evidence: 'e-value',
    defaults: pairDefaults,
  },
  'pair.overlap': {
    keys: [...pairKeys, 'clear'],
    required: ['field'],
    limits: [limit('min', ['share'], 'a share of what is compared, for example 80%')],
    evidence: 'e-value',
    defaults: pairDefaults,
  },
  'pair.missing': {
    keys: [...pairKeys, 'clear'],
    required: ['field'],
    limits: [limit('max', ['share'], 'a share of pairs, for example 0.1%')],
    evidence: 'e-value',
    defaults: pairDefaults,
  },
  'pair.drift': {
    keys: [...pairKeys, 'statistic', 'clear'],
    required: ['field'],
    limits: [limit('max', ['number'], 'a number, for example 0.2')],
    evidence: 'e-value',
    defaults: { ...pairDefaults, minN: 1_000 },
  },
  outcome: {
    keys: ['outcome', 'of', 'attribution', 'warmUp', ...window, ...proof],
    required: ['outcome'],
    limits: [limit('maxDrop', ['relative', 'points'], margin), limit('max', ['relative', 'points'], margin, true)],
    evidence: 'e-value',
    defaults: { forMs: 30 * MINUTE_MS, windowMs: 60 * MINUTE_MS, minN: 200, action: 'pause' },
  },
  srm: {
    keys: ['alpha'],
    required: [],
    limits: [],
    evidence: 'e-value',
    defaults: { forMs: 0, windowMs: 0, minN: 0, action: 'pause' },
  },
  exposure: {
    keys: [...window, 'clear'],
    required: [],
    limits: [limit('max', ['share'], 'a share of decisions, for example 1%')],
    evidence: 'none',
    defaults: { forMs: MINUTE_MS, windowMs: 5 * MINUTE_MS, minN: 200, action: 'alert' },
  },
  prometheus: {
    keys: ['url', 'query', 'every', 'clear'],
    required: ['url', 'query'],
    limits: [limit('max', ['number'], 'a number'), limit('min', ['number'], 'a number')],
    evidence: 'none',
    defaults: { forMs: 5 * MINUTE_MS, windowMs: 0, minN: 0, action: 'pause' },
  },
  'no-data': {
    keys: [],
    required: [],
    limits: [],
    evidence: 'none',
    defaults: { forMs: 5 * MINUTE_MS, windowMs: 0, minN: 0, action: 'pause' },
  },
};

/** After a change of weight, of what is compared between the arms (research/statistics.md 11.1). */
export const DEFAULT_WARM_UP_MS = 120 * SECOND_MS;
