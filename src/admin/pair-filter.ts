/** Which pairs are asked for. */
import { magnitudeOf } from '../comparison/magnitude.ts';
import type { Pair } from '../pairing/pair.ts';
import { RefusedError } from '../rollout/refused.ts';
import type { RolloutView } from '../rollout/state.ts';
import { inRange } from './requests.ts';

/** As the requests have it; undefined, empty texts and 0 = all. */
export interface PairFilter {
  readonly rollout: string;
  readonly shadow: string;
  readonly segmentName?: string | undefined;
  readonly segmentValue?: string | undefined;
  readonly field?: string | undefined;
  readonly minDifference?: number | undefined;
  readonly status?: number | undefined;
  readonly keptOnly?: boolean | undefined;
  readonly onlyDifferent: boolean;
}

/** Throws RefusedError when `filter` names what none of `views` has: nothing would ever match. */
export function checkFilter(filter: PairFilter, views: readonly RolloutView[]): void {
  const { shadow, segmentName = '', segmentValue = '', field = '', minDifference, status = 0 } = filter;
  if (shadow !== '' && !views.some(({ shadows }) => shadows.some(({ name }) => name === shadow))) {
    throw new RefusedError('not-found', 'shadow', `there is no shadow ${JSON.stringify(shadow)}`);
  }
  if (segmentName === '' && segmentValue !== '') {
    throw new RefusedError('invalid-argument', 'segment_name', 'expected the name of a segment with segment_value');
  }
  if (segmentName !== '') {
    known('segment_name', 'segment', segmentName, new Set(views.flatMap(({ segments }) => Object.keys(segments))));
  }
  if (field !== '') {
    const names = views.flatMap(({ prediction }) => prediction?.fields.map(({ name }) => name) ?? []);
    known('field', 'field', field, new Set(names));
  }
  if (minDifference !== undefined && !(minDifference >= 0)) {
    throw new RefusedError('invalid-argument', 'min_difference', `expected a number from 0, found ${minDifference}`);
  }
  inRange('status', status, { min: 100, max: 599, whenZero: 0 });
}

function known(at: string, what: string, name: string, names: ReadonlySet<string>): void {
  if (names.has(name)) return;
  const others = names.size === 0 ? 'none is known' : `known: ${[...names].join(', ')}`;
  throw new RefusedError('not-found', at, `there is no ${what} ${JSON.stringify(name)}; ${others}`);
}

/** `isKept`: it is kept for people; asked only where the filter needs it. */
export function isWanted(filter: PairFilter, pair: Pair, isKept: () => boolean): boolean {
  const { rollout, shadow, segmentName = '', segmentValue = '', status = 0, onlyDifferent } = filter;
  const { keptOnly = false } = filter;
  if (rollout !== '' && pair.rollout !== rollout) return false;
  if (shadow !== '' && pair.shadow !== shadow) return false;
  if (segmentName !== '' && pair.segments[segmentName] !== segmentValue) return false;
  if (status !== 0 && pair.reference.status !== status && pair.candidate.status !== status) return false;
  if (onlyDifferent && !isDifferent(pair)) return false;
  return differsIn(filter, pair) && (!keptOnly || isKept());
}

function differsIn({ field = '', minDifference }: PairFilter, { difference }: Pair): boolean {
  if (field === '' && minDifference === undefined) return true;
  return difference.fields.some((found) => {
    if (field !== '' && found.name !== field) return false;
    if (minDifference === undefined) return found.compared && !found.agree;
    return (magnitudeOf(found) ?? Number.NEGATIVE_INFINITY) >= minDifference;
  });
}

/** With `prediction:` the fields decide: a body may hold a random id. */
export function isDifferent({ difference }: Pair): boolean {
  const { sameStatus, fields, refusedAlike, body, outputs } = difference;
  if (!sameStatus) return true;
  if (fields.length > 0 || refusedAlike) return fields.some(({ compared, agree }) => compared && !agree);
  return body === 'different' || Object.values(outputs).includes(false);
}
