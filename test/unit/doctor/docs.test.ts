import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { themes } from '../../../src/doctor/examine.ts';
import { probeFindings } from '../../../src/doctor/probe.ts';

const docs = readFileSync(resolve(import.meta.dirname, '../../../docs/doctor.md'), 'utf8');
const written = [...themes.flatMap(({ checks }) => checks), ...Object.values(probeFindings)];

/** A finding as docs/doctor.md must say it. */
function section({ id, severity, about, why, mend }: (typeof written)[number]): string {
  return `### ${id}\n\n**${severity}** ${about}\n\n- *Why*: ${why}\n- *Mend*: ${mend}\n`;
}

test('docs/doctor.md says every finding as the code does, in its order', () => {
  const from = docs.indexOf('\n## ');
  const themed = [...themes, { title: 'The probe', checks: Object.values(probeFindings) }];
  const expected = themed.map(({ title, checks }) => `\n## ${title}\n\n${checks.map(section).join('\n')}`).join('');
  expect(docs.slice(from)).toBe(expected);
});

test('every id is stable to write: lower case, joined by hyphens, used once', () => {
  const ids = written.map(({ id }) => id);
  expect(ids.filter((id) => !/^[a-z]+(-[a-z]+)*$/.test(id))).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
});

test('every sentence ends as one', () => {
  for (const { about, why, mend } of written) for (const text of [about, why, mend]) expect(text).toMatch(/^\S.*\.$/);
});
