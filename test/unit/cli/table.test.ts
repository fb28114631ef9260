import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { paint, table } from '../../../src/cli/table.ts';
import { fakeTerminal } from './fake-terminal.ts';

test('columns are as wide as their widest cell, and numbers stand to the right', () => {
  const text = table(
    fakeTerminal(),
    ['NAME', 'COUNT', 'X'],
    [
      ['ranker', 7, ''],
      ['a', 12_345, 'y'],
    ],
  );
  expect(text).toBe(['NAME    COUNT  X', 'ranker      7', 'a       12345  y', ''].join('\n'));
});

test('colours are only for people and take no room', () => {
  const people = { ...fakeTerminal(), interactive: true };
  expect(paint(fakeTerminal(), 'red', 'a')).toBe('a');
  expect(paint(people, 'red', 'a')).toBe('\x1b[31ma\x1b[39m');
  const rows = (terminal: typeof people) => [[paint(terminal, 'red', 'a'), 'b']];
  const plain = table(fakeTerminal(), ['HEAD', 'B'], rows(fakeTerminal()));
  expect(stripVTControlCharacters(table(people, ['HEAD', 'B'], rows(people)))).toBe(plain);
});
