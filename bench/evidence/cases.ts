/** The rows of the tables: healthy days that no guard may fire on, and effects that it should find. */
import { normalCdf, normalQuantile } from '../../src/evidence/statistics/special.ts';
import type { Case, Subject } from './day.ts';
import type { World } from './world.ts';

export interface Row extends Case {
  readonly title: string;
  readonly guard: string;
  /** Of 4,000 days in a full run; rows that cost much have fewer. */
  readonly share: number;
  /** Rules of others are run on the same minutes. */
  readonly others: boolean;
}

/** 100 requests/s, 5 %. */
const PLAIN: World = { requestsPerSecond: 100, weight: 500, diurnal: false, bursts: undefined, onsetS: 0 };
const DIURNAL: World = { ...PLAIN, diurnal: true };
const LADDER: World = { ...DIURNAL, weight: 'ladder' };
const BURSTS_10 = { perHour: 6, seconds: 10, share: 0.05 };
const BURSTS_60 = { perHour: 6, seconds: 60, share: 0.05 };
const HARD_BURSTS = { perHour: 2, seconds: 10, share: 0.5 };
const TWO_HOURS = 7_200;

const errors = (effect: number): Subject => ({ metric: 'errors', effect });
const clicks = (effect: number): Subject => ({ metric: 'clicks', effect });
const latency = (q: number, effect: number, eligible = false): Subject => ({ metric: 'latency', q, effect, eligible });
const errorLimit = (share: number): Subject => ({ metric: 'limit', of: 'rate', limit: 0.001, share });
/** p95 <= 50 ms while it truly is `ms`. */
const latencyLimit = (ms: number): Subject => {
  const share = 1 - normalCdf(normalQuantile(0.95) - Math.log(ms / 50) / 0.5);
  return { metric: 'limit', of: 'quantile', limit: 0.05, share };
};
/** 10 pairs/s; a twin, where there is one, disagrees in 1 % on its own. */
const agreement = (share: number): Subject => {
  return { metric: 'agreement', net: false, least: 0.98, pairsPerSecond: 10, noise: 0, share };
};
const netAgreement = (share: number): Subject => {
  return { metric: 'agreement', net: true, least: 1, pairsPerSecond: 10, noise: 0.01, share };
};
const manyUsers = (effect: number): Subject => {
  return { metric: 'users', users: { users: 50_000, weightBp: 500, requestsPerSecond: 100, effect } };
};
/** As many requests of each user, and as many users of the canary, in a fifth of the traffic. */
const fewUsers: Subject = {
  metric: 'users',
  users: { users: 10_000, weightBp: 2_500, requestsPerSecond: 20, effect: 1 },
};

const ERRORS = 'error rate vs stable';
const P95 = 'p95 vs stable';
const P99 = 'p99 vs stable';
const CLICKS = 'click rate vs stable, no unit';
const USERS = 'click rate vs stable, by user';
const ERROR_LIMIT = 'errors <= 0.1 %';
const P95_LIMIT = 'p95 <= 50 ms';
const AGREEMENT = 'agreement >= 98 %';
const NET = 'agreement, net of twin';

function row(id: string, guard: string, title: string, world: World, subject: Subject, more: Partial<Row> = {}): Row {
  return { id, guard, title, world, subject, alpha: 0.01, share: 1, others: false, ...more };
}

const OTHERS = { others: true };
const HALF = { alpha: 0.005 };

export const HEALTHY: readonly Row[] = [
  row('aa-errors', ERRORS, 'independent', PLAIN, errors(1), { ...OTHERS, share: 3 }),
  row('aa-errors-bursts-10', ERRORS, 'bursts of 10 s, 5 % fail', { ...PLAIN, bursts: BURSTS_10 }, errors(1), OTHERS),
  row('aa-errors-bursts-60', ERRORS, 'bursts of 60 s, 5 % fail', { ...PLAIN, bursts: BURSTS_60 }, errors(1), OTHERS),
  row(
    'aa-errors-bursts-hard',
    ERRORS,
    'bursts of 10 s, 50 % fail, 2 an hour',
    { ...PLAIN, bursts: HARD_BURSTS },
    errors(1),
  ),
  row('aa-errors-diurnal', ERRORS, 'diurnal', DIURNAL, errors(1)),
  row('aa-p95', P95, 'independent', PLAIN, latency(0.95, 1), OTHERS),
  row('aa-p95-diurnal', P95, 'diurnal', DIURNAL, latency(0.95, 1)),
  row('aa-p99', P99, 'independent', PLAIN, latency(0.99, 1), HALF),
  row('aa-clicks', CLICKS, 'independent', PLAIN, clicks(1), OTHERS),
  row('aa-users-few', USERS, 'sticky, 10,000 users, 20 requests/s, 25 %', PLAIN, fewUsers),
  row('aa-users', USERS, 'sticky, 50,000 users, 100 requests/s, 5 %', PLAIN, manyUsers(1), { share: 0.1 }),
  row('aa-limit-errors', ERROR_LIMIT, 'errors exactly 0.1 %', PLAIN, errorLimit(0.001)),
  row('aa-limit-p95', P95_LIMIT, 'p95 exactly 50 ms', PLAIN, latencyLimit(50)),
  row('aa-agreement', AGREEMENT, 'exactly 98 % agree, 10 pairs/s', PLAIN, agreement(0.98), HALF),
  // at alpha .005 so many days are needed to show the bound
  row('aa-net', NET, 'as noisy as the twin, 10 pairs/s', PLAIN, netAgreement(1), { ...HALF, share: 4 }),
];

/** The four guards of a whole rollout together: at most .02. */
export const LADDERS: readonly Row[] = [
  row(
    'aa-ladder',
    'whole ladder',
    'diurnal, ramping weight, four guards',
    LADDER,
    { metric: 'ladder', effect: 1 },
    { alpha: 0.02 },
  ),
  row(
    'aa-ladder-bursts',
    'whole ladder',
    'the same with bursts of 10 s',
    { ...LADDER, bursts: BURSTS_10 },
    { metric: 'ladder', effect: 1 },
    { alpha: 0.02, share: 0.25 },
  ),
];

const late = { ...PLAIN, onsetS: TWO_HOURS };
const FROM_START = 'from the first request';
const LATE = 'after 2 good hours';
const ELIGIBLE = 'from the start, 10 s blocks and an edge known';

export const EFFECTS: readonly Row[] = [
  row('errors-3', ERRORS, `errors .1 -> .3 %, ${FROM_START}`, PLAIN, errors(3), OTHERS),
  row('errors-3-late', ERRORS, `errors .1 -> .3 %, ${LATE}`, late, errors(3)),
  row('errors-10', ERRORS, `errors .1 -> 1 %, ${FROM_START}`, PLAIN, errors(10)),
  row('p95-20', P95, `p95 +20 %, ${FROM_START}`, PLAIN, latency(0.95, 1.2), OTHERS),
  row('p95-20-late', P95, `p95 +20 %, ${LATE}`, late, latency(0.95, 1.2)),
  row('p95-20-eligible', P95, `p95 +20 %, ${ELIGIBLE}`, PLAIN, latency(0.95, 1.2, true)),
  row('p95-100', P95, `p95 doubled, ${FROM_START}`, PLAIN, latency(0.95, 2), OTHERS),
  row('p95-100-late', P95, `p95 doubled, ${LATE}`, late, latency(0.95, 2)),
  row('p95-100-eligible', P95, `p95 doubled, ${ELIGIBLE}`, PLAIN, latency(0.95, 2, true)),
  row('clicks-10', CLICKS, 'CTR -10 %', PLAIN, clicks(0.9), OTHERS),
  row('clicks-2', CLICKS, 'CTR -2 %', PLAIN, clicks(0.98), OTHERS),
  row('users-10', USERS, 'CTR -10 %, 50,000 sticky users', PLAIN, manyUsers(0.9), { share: 0.5 }),
  row('users-2', USERS, 'CTR -2 %, 50,000 sticky users', PLAIN, manyUsers(0.98), { share: 0.25 }),
  row('limit-errors-2', ERROR_LIMIT, 'errors .2 %', PLAIN, errorLimit(0.002)),
  row('limit-errors-3', ERROR_LIMIT, 'errors .3 %', PLAIN, errorLimit(0.003)),
  row('limit-p95-54', P95_LIMIT, 'p95 54 ms', PLAIN, latencyLimit(54)),
  row('limit-p95-90', P95_LIMIT, 'p95 90 ms', PLAIN, latencyLimit(90)),
  row('agreement-97', AGREEMENT, '97 % agree, 10 pairs/s', PLAIN, agreement(0.97), HALF),
  row('agreement-95', AGREEMENT, '95 % agree, 10 pairs/s', PLAIN, agreement(0.95), HALF),
  row('agreement-90', AGREEMENT, '90 % agree, 10 pairs/s', PLAIN, agreement(0.9), HALF),
  row('net-99', NET, '1 % more disagree than of the twin', PLAIN, netAgreement(0.99), HALF),
];

export const ROWS: readonly Row[] = [...HEALTHY, ...LADDERS, ...EFFECTS];

/** How many days of a row, and how many of these with the rules of others. */
export interface Size {
  readonly healthy: number;
  readonly effects: number;
  readonly others: number;
}

export const FULL: Size = { healthy: 4_000, effects: 400, others: 400 };
export const SHORT: Size = { healthy: 150, effects: 60, others: 50 };

export function daysOf(one: Row, size: Size): number {
  return Math.ceil((EFFECTS.includes(one) ? size.effects : size.healthy) * one.share);
}
