/** The words for pairs that `pairs` and `pair` share. */
import type { FieldDifference, Side } from '../gen/understudy/admin/v1/admin.ts';
import { printable } from './printable.ts';

/** `1.8.0 200 10.0 ms`, `2.0.0 no answer (response_timeout)`. */
export function describeSide(side: Side | undefined): string {
  if (side === undefined) return 'no candidate';
  if (side.status === 0) return printable(`${side.version} no answer (${side.error || side.details})`);
  const grpc = side.grpcStatus === undefined ? '' : ` grpc ${side.grpcStatus}`;
  return printable(
    `${side.version} ${side.status}${grpc}${side.latencyMs === undefined ? '' : ` ${milliseconds(side.latencyMs)}`}`,
  );
}

/** `score same`, `score different by 12.5`, `score missing (candidate: wrong-type)`. */
export function describeField(field: FieldDifference): string {
  const { name, agree, compared, magnitude, elements } = field;
  if (!compared) return `${name} not compared`;
  if (agree) return `${name} same`;
  const missing = new Set(
    elements.flatMap(({ missingReference, missingCandidate }) => [
      ...(missingReference === '' ? [] : [`reference: ${missingReference}`]),
      ...(missingCandidate === '' ? [] : [`candidate: ${missingCandidate}`]),
    ]),
  );
  if (missing.size > 0) return printable(`${name} missing (${[...missing].join(', ')})`);
  return `${name} different${magnitude === undefined ? '' : ` by ${short(magnitude)}`}`;
}

export function milliseconds(ms: number | undefined): string {
  return ms === undefined ? '' : `${ms.toFixed(1)} ms`;
}

/** Four digits are enough to see what a number is about. */
export function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
