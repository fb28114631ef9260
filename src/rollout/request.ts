/** What a change must say, and meet: every function throws a RefusedError that names the field. */
import { RefusedError } from './refused.ts';
import type { RolloutView } from './state.ts';

const MAX_REASON_LENGTH = 500;
const MAX_ACTOR_LENGTH = 200;

export interface ChangeRequest {
  readonly rollout: string;
  /** Why; 1 to 500 characters. */
  readonly reason: string;
  /** Who; 1 to 200 characters. */
  readonly actor: string;
  /** When given, the rollout must still have this revision; of one that is to be made, 0. */
  readonly expectedRevision?: number | undefined;
}

export function checkChange(request: ChangeRequest): ChangeRequest {
  const { expectedRevision, rollout, reason, actor } = request;
  if (expectedRevision !== undefined && !Number.isSafeInteger(expectedRevision)) {
    throw refuse('expected_revision', `expected a whole number, found ${expectedRevision}`);
  }
  checkText('rollout', rollout, Number.POSITIVE_INFINITY);
  checkText('reason', reason, MAX_REASON_LENGTH);
  checkText('actor', actor, MAX_ACTOR_LENGTH);
  return request;
}

/** 0..10000 */
export function checkWeight(weightBp: number | undefined): number {
  if (weightBp === undefined || !Number.isInteger(weightBp) || weightBp < 0 || weightBp > 10_000) {
    throw refuse('weight_bp', `expected 0 to 10000, found ${weightBp ?? 'nothing'}`);
  }
  return weightBp;
}

/** Of two callers with the same expected revision the second one meets another. */
export function mustBeCurrent(
  { name, revision }: Pick<RolloutView, 'name' | 'revision'>,
  expected: number | undefined,
): void {
  if (expected === undefined || expected === revision) return;
  const message = `expected ${expected}, but ${name} was changed by revision ${revision}`;
  throw new RefusedError('failed-precondition', 'expected_revision', message);
}

/** What a file says is changed there. */
export function mustBeInNoFile({ name, file }: Pick<RolloutView, 'name' | 'file'>): void {
  if (file === undefined) return;
  throw new RefusedError('failed-precondition', 'rollout', `${name} is written in ${file}: change it there`);
}

/** Control characters are refused because these texts are printed on terminals. */
function checkText(field: string, text: string, maxLength: number): void {
  if (text.trim() === '') throw refuse(field, 'expected a non-empty text');
  if (text.length > maxLength) throw refuse(field, `expected at most ${maxLength} characters, found ${text.length}`);
  if (/\p{Cc}/u.test(text)) throw refuse(field, 'expected a text without control characters');
}

function refuse(field: string, message: string): RefusedError {
  return new RefusedError('invalid-argument', field, message);
}
