import { stripVTControlCharacters, styleText } from 'node:util';
import type { Terminal } from './terminal.ts';

type Style = Parameters<typeof styleText>[0];

/** Colours `text` when a person looks at it. */
export function paint(terminal: Terminal, style: Style, text: string): string {
  return terminal.interactive ? styleText(style, text, { validateStream: false }) : text;
}

/** Columns as wide as their widest cell; numbers to the right. Ends with a newline. */
export function table(
  terminal: Terminal,
  heads: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const cells = rows.map((row) => row.map(String));
  const widths = heads.map((head, column) => Math.max(head.length, ...cells.map((row) => width(row[column] ?? ''))));
  const isNumeric = heads.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => {
        const blanks = ' '.repeat((widths[column] ?? 0) - width(cell));
        return isNumeric[column] ? blanks + cell : cell + blanks;
      })
      .join('  ')
      .trimEnd();
  return `${[paint(terminal, 'bold', line(heads)), ...cells.map(line)].join('\n')}\n`;
}

function width(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
