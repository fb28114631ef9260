import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildReport } from '../../../src/report/build.ts';
import { renderHtml } from '../../../src/report/html.ts';
import { renderJson } from '../../../src/report/json.ts';
import { renderMarkdown } from '../../../src/report/markdown.ts';
import { classField, differingField, numberField, pairCell, pairsOf, rowOf, START, timed } from './cells.ts';
import { DAY, sampleDay } from './sample.ts';

/** A report in which all names and values that come from outside are `name`. */
function reportNaming(name: string) {
  const field = () =>
    numberField(
      name,
      [...Array(300)].map((_, n) => [n + 1, 2 * n + 2] as const),
      300,
    );
  const key = { rollout: name, release: name, shadow: name };
  const classes = classField(`${name}.`, [[name, `${name}.`, 3]]);
  const sums = () =>
    pairsOf({
      pairs: 300,
      reference: [...Array(300).keys()],
      candidate: [...Array(300).keys()],
      fields: [field(), classes],
    });
  const cells = [
    timed(pairCell(sums(), key), START + 3_600_000),
    timed(pairCell(sums(), key), START + 7_200_000),
    timed(pairCell(sums(), { ...key, segment: name, segmentValue: name }), START + 7_200_000),
  ];
  const { candidate } = rowOf();
  if (candidate === undefined) throw new Error('no candidate');
  const row = rowOf({
    ...key,
    id: name,
    segments: { [name]: name },
    kept: true,
    fields: differingField(name, name, name),
    reference: { ...rowOf().reference, version: `${name}1`, error: name },
    candidate: { ...candidate, version: `${name}2` },
  });
  return buildReport(cells, [row], { period: DAY, version: '0.1.0' });
}

const tagsOf = (html: string) => [...html.matchAll(/<\/?[a-z!][a-z0-9]*/gi)].map(([tag]) => tag);

test('in HTML no name or value from outside is ever markup', async () => {
  const expected = tagsOf(renderHtml(await reportNaming('name')));
  expect(expected.length).toBeGreaterThan(100);
  const names = fc.oneof(
    fc.constantFrom(
      '<script>alert(1)</script>',
      '" onload="x',
      "'><img src=x>",
      '</title></svg>',
      '&lt;',
      '<!--',
      '__proto__',
      ']]>',
      '<',
    ),
    fc.string({ minLength: 1, maxLength: 12, unit: 'binary' }).filter((name) => !name.includes('`') && name !== '.'),
  );
  await fc.assert(
    fc.asyncProperty(names, async (name) => {
      expect(tagsOf(renderHtml(await reportNaming(name)))).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

test('in Markdown no name or value from outside makes a line, a cell or markup', async () => {
  // in a table an unescaped pipe is a cell more; elsewhere it is a pipe
  const cells = (line: string) => (line.startsWith('|') ? line.replaceAll(/\\./g, '').split('|').length : 1);
  const shape = (markdown: string) => markdown.split('\n').map(cells);
  const expected = shape(renderMarkdown(await reportNaming('name')));
  const names = fc.oneof(
    fc.constantFrom(
      '__proto__',
      'a|b',
      'a\nb',
      '`a`',
      '**a**',
      '# a',
      '<b>',
      '[a](b)',
      '\u202e',
      '\\',
      '\\|',
      '| --- |',
    ),
    fc.string({ minLength: 1, maxLength: 12, unit: 'binary' }).filter((name) => name !== '.'),
  );
  await fc.assert(
    fc.asyncProperty(names, async (name) => {
      const markdown = renderMarkdown(await reportNaming(name));
      expect(shape(markdown)).toEqual(expected);
      const outsideCode = markdown.replace(/`[^`]*`|<code>[^<]*<\/code>/g, '');
      expect(outsideCode).not.toMatch(/<[a-z]/i);
    }),
    { numRuns: 60 },
  );
});

test('the sample day reads as it always did', async () => {
  const { cells, rows } = sampleDay();
  const report = await buildReport(cells, rows, { period: DAY, version: '0.1.0' });
  const golden = new URL('sample.md', import.meta.url);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(golden, renderMarkdown(report));
  expect(renderMarkdown(report)).toBe(readFileSync(golden, 'utf8'));
});

test('the HTML needs nothing but itself and draws what there is', async () => {
  const { cells, rows } = sampleDay();
  const html = renderHtml(await buildReport(cells, rows, { period: DAY, version: '0.1.0' }));
  expect(html).not.toMatch(/<script|<link|<img|https?:|@import|url\(/);
  const captions = [...html.matchAll(/<figcaption>([^<]*)</g)].map(([, caption]) => caption);
  expect(new Set(captions)).toEqual(
    new Set([
      'Disagreement over time',
      'Pairs over time',
      'Latency of both sides',
      'Latency over time, p95',
      'Candidate minus reference',
      'Disagreement by segment',
    ]),
  );
  expect(html).not.toMatch(/NaN|Infinity|undefined|null/);
});

test('nothing recorded is a report too, of which every form can be made', async () => {
  const report = await buildReport([], [], { period: DAY, version: '0.1.0' });
  expect(report).toMatchObject({ headlines: [], releases: [], coverage: { share: 0 } });
  for (const text of [renderMarkdown(report), renderHtml(report)]) {
    expect(text).toContain('No evidence from 2026-03-01 00:00 UTC to 2026-03-02 00:00 UTC');
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
  }
});

test('JSON holds all of it, under a version', async () => {
  const { cells, rows } = sampleDay();
  const report = await buildReport(cells, rows, { period: DAY, version: '0.1.0' });
  expect(JSON.parse(renderJson(report))).toEqual(report);
  expect(report).toMatchObject({ schema: 'understudy.report', schemaVersion: 1 });
});
