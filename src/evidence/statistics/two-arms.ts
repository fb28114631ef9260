import { checkNotNegative } from './domain.ts';

/** What one block of two arms is reduced to for a comparison of how often something happens. */
export interface TwoArms {
  /** Exposures of each arm: requests, or units. */
  readonly canary: number;
  readonly stable: number;
  /** Events among them. */
  readonly canaryEvents: number;
  readonly stableEvents: number;
}

/** Throws RangeError unless all four are finite and 0 or more. */
export function checkTwoArms(block: TwoArms): void {
  for (const name of ['canary', 'stable', 'canaryEvents', 'stableEvents'] as const) checkNotNegative(name, block[name]);
}

/** The canary's share of events if its rate is `ratio` times stable's: n_c r / (n_c r + n_s). */
export function expectedShare({ canary, stable }: TwoArms, ratio: number): number {
  return (canary * ratio) / (canary * ratio + stable);
}
