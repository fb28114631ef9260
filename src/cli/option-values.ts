/** What options take, read from text. Throws InvalidArgumentError, which commander says with the option. */
import { InvalidArgumentError } from 'commander';

export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}

export function aboveZero(text: string): number {
  if (!/^\d{1,6}(\.\d{1,3})?$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError('Expected a number above 0.');
  return Number(text);
}

export function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}
