/** What a formula may be asked. Each throws RangeError with a sentence that names the argument and what was found. */

function refuse(name: string, expected: string, found: number): never {
  throw new RangeError(`${name}: expected ${expected}, found ${found}`);
}

/** 0 < value < 1. */
export function checkShare(name: string, value: number): void {
  if (!(value > 0 && value < 1)) refuse(name, 'a share between 0 and 1, without its ends', value);
}

/** An error probability of a one-sided boundary: 0 < value < 1/2. */
export function checkOneSidedAlpha(value: number): void {
  if (!(value > 0 && value < 0.5)) refuse('alpha', 'a share above 0 and below 0.5 (one side)', value);
}

export function checkPositive(name: string, value: number): void {
  if (!(value > 0 && value < Infinity)) refuse(name, 'a finite number above 0', value);
}

export function checkNotNegative(name: string, value: number): void {
  if (!(value >= 0 && value < Infinity)) refuse(name, 'a finite number of 0 or more', value);
}

export function checkFinite(name: string, value: number): void {
  if (!Number.isFinite(value)) refuse(name, 'a finite number', value);
}

export function checkBetween(name: string, value: number, low: number, high: number): void {
  if (!(value >= low && value <= high)) refuse(name, `a number of ${low} to ${high}`, value);
}

/** A count of trials above 0 with `events` of 0 to all of them among them. */
export function checkEvents(name: string, events: number, trials: number): void {
  checkPositive(`${name} trials`, trials);
  if (!(events >= 0 && events <= trials))
    refuse(`${name} events`, `0 to ${trials}, as many as there were trials`, events);
}
