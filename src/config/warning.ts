import type { Path } from './source.ts';

/** What is allowed and may not be meant. */
export interface Warning {
  readonly path: Path;
  readonly message: string;
}
