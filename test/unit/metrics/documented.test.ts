import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { shownCounters } from '../../../src/metrics/counters.ts';
import { families } from '../../../src/metrics/families.ts';
import { alertedMetrics, alertRules } from './alerts.ts';
import { existingSeries } from './existing-series.ts';
import { metricsSource } from './source.ts';

const root = resolve(import.meta.dirname, '../../..');
const operations = readFileSync(join(root, 'docs/operations.md'), 'utf8');
const architecture = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');

/** Rows of the table below a heading, without head and rule. */
function table(heading: string, page = operations): string[][] {
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  const rows = (section.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('| `'));
  const cells = (row: string) => row.split('|').slice(1, -1);
  return rows.map((row) => cells(row).map((cell) => cell.trim()));
}

test('docs/operations.md describes every metric with its type and labels, and no other', () => {
  const documented = table('Metrics').map(([name, type, labels]) => [name?.replaceAll('`', ''), type, labels]);
  const existing = families(metricsSource()).map(({ name, type, samples }) => {
    const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels ?? {})));
    labels.delete('le');
    return [name, type, [...labels].join(', ')];
  });
  expect(documented.sort()).toEqual(existing.sort());
});

test('docs/operations.md says what to do about every alert, and about no other', () => {
  expect(table('Alerts').map(([name]) => name?.replaceAll('`', ''))).toEqual(alertRules().map(({ alert }) => alert));
});

test('every alert says how urgent it is and what happened', () => {
  for (const { alert, labels, annotations } of alertRules()) {
    expect(['page', 'ticket'], alert).toContain(labels.severity);
    expect(annotations.summary, alert).toBeTruthy();
  }
});

test('alerts name metrics of ours that exist', () => {
  const ours = alertedMetrics().filter((name) => !name.startsWith('envoy_'));
  expect(ours.length).toBeGreaterThan(10);
  const existing = existingSeries();
  expect(ours.filter((name) => !existing.has(name))).toEqual([]);
});

/** `a.b`, `.c` are a.b and a.c; `a.<x>` is an a for each word of the second cell. */
function namesIn([names = '', meaning = '']: string[]): string[] {
  const words = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
  const [first = ''] = words(names);
  const group = first.slice(0, first.indexOf('.'));
  return words(names).flatMap((name) => {
    const whole = name.startsWith('.') ? group + name : name;
    return whole.includes('<') ? words(meaning).map((word) => whole.replace(/<.*>/, word)) : [whole];
  });
}

test('ARCHITECTURE.md says what every counter counts, and names no other', () => {
  const documented = table('Counters', architecture).flatMap(namesIn);
  // pairs are shown by rollout and shadow, from the evidence
  expect(documented.filter((name) => name !== 'pairing.pairs').sort()).toEqual([...shownCounters].sort());
});

test('every counter that a thread counts is shown', () => {
  const src = join(root, 'src');
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const counted = files
    // doctor only reads counters
    .filter((file) => !/^(gen|doctor)\//.test(file))
    .flatMap((file) => [
      ...readFileSync(join(src, file), 'utf8').matchAll(/\b(?:add|count)\(\s*['`]([a-z]+\.[a-z.-]*)(\$\{)?/g),
    ])
    .map(([, name = '', open]) => ({ name, isPrefix: open !== undefined }));
  expect(counted.length).toBeGreaterThan(10);
  // pairs are shown by rollout and shadow, from the evidence
  const shown = [...shownCounters, 'pairing.pairs'];
  const missing = counted.filter(({ name, isPrefix }) =>
    isPrefix ? !shown.some((known) => known.startsWith(name)) : !shown.includes(name),
  );
  expect(missing).toEqual([]);
});
