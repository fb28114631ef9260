/** A report as Markdown (GitHub's). Pure. */
import type { Block, TableBlock } from './blocks.ts';
import { reportBlocks } from './document.ts';
import { visible } from './markup.ts';
import type { Headline, Report } from './report.ts';

const TONES: Readonly<Record<Headline['tone'], string>> = { good: 'OK', look: 'LOOK', bad: 'BAD' };

export function renderMarkdown(report: Report): string {
  return `${reportBlocks(report)
    .flatMap((block) => blockText(block) ?? [])
    .join('\n\n')}\n`;
}

/** Undefined for what text cannot show. */
function blockText(block: Block): string | undefined {
  switch (block.is) {
    case 'heading':
      return `${'#'.repeat(block.level)} ${inline(block.text)}`;
    case 'paragraph':
      return inline(block.text);
    case 'answer':
      return block.headlines.map(({ tone, text }) => `- **${TONES[tone]}** ${inline(text)}`).join('\n');
    case 'list':
      return block.items.map((item) => `- ${inline(item)}`).join('\n');
    case 'table':
      return tableText(block);
    case 'plot':
      return undefined;
  }
}

function tableText({ heads, rows, words }: TableBlock): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => inline(cell, cellCode)).join(' | ')} |`;
  const rule = `|${heads.map((_, column) => (column < words ? ' --- ' : ' ---: ')).join('|')}|`;
  return [line(heads), rule, ...rows.map(line)].join('\n');
}

/** Names between backticks become code, all else is taken literally. */
function inline(text: string, code = (part: string) => `\`${part}\``): string {
  return visible(text)
    .split('`')
    .map((part, n) => (n % 2 === 0 ? escapeText(part) : part === '' ? '' : code(part)))
    .join('');
}

/** A pipe ends a cell, and between backticks readers do not agree how to write one. */
function cellCode(part: string): string {
  if (!/[|\\]/.test(part)) return `\`${part}\``;
  return `<code>${part.replace(/[^\p{L}\p{N} ]/gu, (character) => `&#${character.codePointAt(0)};`)}</code>`;
}

function escapeText(part: string): string {
  return part
    .replace(/[\\*_[\]|#~]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');
}
