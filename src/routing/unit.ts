/** Who is kept on one side. Pure. */
import type { SourceKind } from './bucket.ts';
import { cookieOf, type RequestFacts } from './facts.ts';
import type { UnitSource } from './snapshot.ts';

export interface Unit {
  readonly kind: SourceKind;
  /** For people: `header x-user-id`, `cookie sid`, `client address`. */
  readonly source: string;
  readonly value: string;
}

/** The first source that the request has a non-empty value for. */
export function unitOf(sources: readonly UnitSource[], facts: RequestFacts): Unit | undefined {
  for (const source of sources) {
    const unit = readUnit(source, facts);
    if (unit.value !== undefined && unit.value !== '') return { ...unit, value: unit.value };
  }
  return undefined;
}

function readUnit(source: UnitSource, facts: RequestFacts): Omit<Unit, 'value'> & { value: string | undefined } {
  if ('header' in source) {
    return { kind: 'header', source: `header ${source.header}`, value: facts.header(source.header) };
  }
  if ('cookie' in source) {
    return { kind: 'cookie', source: `cookie ${source.cookie}`, value: cookieOf(facts, source.cookie) };
  }
  return { kind: 'client', source: 'client address', value: facts.clientAddress };
}
