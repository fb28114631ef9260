/**
 * Plans with a name, in the form in which people write `stages` and `guards`. What cannot be shown to be fine in the time of
 * early stages only holds a stage up by harm (`promote: unless-harm`). Sources: research/statistics.md 11.2, 11.3.
 */
import type { PlanEntry, PlanPreset } from './schema-plan.ts';

type Written = Readonly<Record<string, unknown>>;

/** As in understudy.yaml. */
export interface WrittenPlan {
  readonly stages: readonly Written[];
  readonly guards: readonly (Written & { readonly name: string })[];
}

/** What of a rollout a preset is made for. */
export interface PresetSubject {
  /** Fields of `prediction`, in their order. */
  readonly fields: readonly string[];
  /** A shadow runs the stable version. */
  readonly hasTwin: boolean;
}

/** Fields beyond are not judged: what guards may err together is bounded. */
export const MAX_JUDGED_FIELDS = 8;

type Make = (plan: PlanEntry, subject: PresetSubject) => WrittenPlan;
type Guards = WrittenPlan['guards'];

const UNLESS_HARM = { promote: 'unless-harm' } as const;
const REHEARSED = { name: 'shadow', weight: '0%', hold: { time: '30m', pairs: 10_000 } } as const;
const ALL = { name: 'all', weight: '100%' } as const;
const UP = [
  { name: 'quarter', weight: '25%', hold: { time: '4h' } },
  { name: 'most', weight: '95%', hold: { time: '24h' } },
  ALL,
] as const;

const PRESETS: Readonly<Record<PlanPreset, Make>> = {
  careful: (plan, subject) => ({
    stages: [
      { name: 'shadow', weight: '0%', hold: { time: '14d', pairs: 10_000 }, approve: 'required' },
      { name: 'one', weight: '1%', hold: { time: '1d' } },
      { name: 'twenty', weight: '20%', hold: { time: '2d' } },
      { name: 'half', weight: '50%', hold: { time: '2d' }, approve: 'required' },
      ALL,
    ],
    guards: [...agreements(subject, '98%'), ...limits(plan), ...versusStable(plan), ...presence('10m')],
  }),

  recommended: (plan, subject) => ({
    stages: [
      REHEARSED,
      { name: 'one', weight: '1%', hold: { time: '30m' } },
      { name: 'five', weight: '5%', hold: { time: '2h' } },
      ...UP,
    ],
    guards: [...agreements(subject, '98%'), ...limits(plan), ...versusStable(plan), ...presence('10m')],
  }),

  // blocks are of 10 s: nothing is told sooner
  fast: ({ p95 = 500, outcome }, subject) => ({
    stages: [
      { name: 'shadow', weight: '0%', hold: { time: '20s', pairs: 200 } },
      { name: 'five', weight: '5%', hold: { time: '20s', requests: 10 } },
      { name: 'quarter', weight: '25%', hold: { time: '20s', requests: 50 } },
      { name: 'most', weight: '95%', hold: { time: '20s', requests: 200 } },
      ALL,
    ],
    guards: [
      ...agreements(subject, '90%', { for: '30s', window: '1m', minN: 20 }),
      {
        ...{ name: 'p95', metric: 'latency', quantile: 0.95, max: `${p95}ms`, window: '20s', minN: 10 },
        ...{ action: 'rollback', ...UNLESS_HARM },
      },
      {
        ...{ name: 'errors', metric: 'error-rate', max: '5%', window: '20s', minN: 10 },
        ...{ action: 'rollback', ...UNLESS_HARM },
      },
      ...outcomes(outcome, { maxDrop: '10% relative', attribution: '10s', warmUp: '10s' }),
      { name: 'silence', metric: 'no-data', for: '2m', action: 'pause' },
    ],
  }),

  'one-region-first': (plan, subject) => {
    const { segment = '', first = [], then } = plan;
    const inRegion = (name: string, values: readonly string[]) => ({
      ...{ name, weight: '5%', scope: { [segment]: values }, hold: { time: '2h', requests: 500 } },
    });
    return {
      stages: [
        REHEARSED,
        inRegion('first', first),
        ...(then === undefined ? [] : [inRegion('then', then)]),
        { name: 'five', weight: '5%', hold: { time: '2h' } },
        ...UP,
      ],
      guards: [
        ...agreements(subject, '98%'),
        ...limits(plan),
        ...versusStable(plan),
        {
          ...{ name: 'errors-by-region', metric: 'error-rate', max: '1%', minN: 200, scope: { [segment]: 'each' } },
          ...{ action: 'pause', ...UNLESS_HARM },
        },
        ...presence('10m'),
      ],
    };
  },

  'first-model': (plan, { fields }) => ({
    stages: [
      { name: 'shadow', weight: '0%', hold: { time: '1d', pairs: 10_000 }, approve: 'required' },
      { name: 'one', weight: '1%', hold: { time: '1h' }, approve: 'required' },
      { name: 'five', weight: '5%', hold: { time: '6h' }, approve: 'required' },
      { name: 'quarter', weight: '25%', hold: { time: '1d' }, approve: 'required' },
      { name: 'most', weight: '95%', hold: { time: '1d' }, approve: 'required' },
      ALL,
    ],
    guards: [
      ...fields.slice(0, MAX_JUDGED_FIELDS).map((field) => ({
        ...{ name: `missing-${field}`, metric: 'pair.missing', field, max: '0.1%', action: 'pause' },
      })),
      ...limits(plan),
      ...outcomes(plan.outcome, { maxDrop: '2% relative', for: '30m' }),
      ...presence('10m'),
    ],
  }),
};

/** The plan of a preset for a rollout. */
export function writePreset(plan: PlanEntry, subject: PresetSubject): WrittenPlan {
  return PRESETS[plan.preset](plan, subject);
}

function agreements({ fields, hasTwin }: PresetSubject, min: string, limit: Written = {}): Guards {
  return fields.slice(0, MAX_JUDGED_FIELDS).map((field) => ({
    ...{ name: `agreement-${field}`, metric: 'pair.agreement', field, min, ...(hasTwin && { net: true }) },
    ...limit,
    action: 'pause',
  }));
}

/** At 1 % of 100 requests a second 300 answers come in five minutes: enough for a p95, while 0.1 % is not shown in an hour. */
function limits({ p95 = 50 }: PlanEntry): Guards {
  return [
    {
      ...{ name: 'p95', metric: 'latency', quantile: 0.95, max: `${p95}ms`, for: '15m', window: '5m', minN: 200 },
      action: 'rollback',
    },
    { name: 'errors', metric: 'error-rate', max: '0.1%', action: 'rollback', ...UNLESS_HARM },
  ];
}

/** Regressions by evidence, whenever they are seen. */
function versusStable({ outcome }: PlanEntry): Guards {
  return [
    {
      ...{ name: 'errors-vs-stable', metric: 'error-rate', versus: 'stable', max: '0.1 points' },
      ...{ action: 'rollback', ...UNLESS_HARM },
    },
    {
      ...{ name: 'p95-vs-stable', metric: 'latency', quantile: 0.95, versus: 'stable', max: '20% relative' },
      ...{ action: 'pause', ...UNLESS_HARM },
    },
    ...outcomes(outcome, { maxDrop: '2% relative', for: '30m' }),
  ];
}

function outcomes(outcome: string | undefined, how: Written): Guards {
  if (outcome === undefined) return [];
  return [{ name: 'outcome', metric: 'outcome', outcome, ...how, action: 'pause', ...UNLESS_HARM }];
}

function presence(silentFor: string): Guards {
  return [
    { name: 'split', metric: 'srm', action: 'pause' },
    { name: 'silence', metric: 'no-data', for: silentFor, action: 'pause' },
  ];
}
