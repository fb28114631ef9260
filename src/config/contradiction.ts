import type { Fault } from './forms.ts';
import type { Path } from './source.ts';

/** Two well-formed values that cannot both be meant, said at one of them. */
export interface Contradiction extends Fault {
  readonly path: Path;
  readonly expected: string;
}
