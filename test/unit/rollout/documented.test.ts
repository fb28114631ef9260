import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../../../src/cli/program.ts';
import type { Cause, EventKind } from '../../../src/rollout/store.ts';
import type { Phase } from '../../../src/routing/snapshot.ts';
import { fakeTerminal } from '../cli/fake-terminal.ts';

const page = readFileSync(resolve(import.meta.dirname, '../../../docs/rollout.md'), 'utf8');

const PHASES: Readonly<Record<Phase, true>> = {
  ...{ idle: true, shadowing: true, baking: true, extended: true, paused: true, 'rolling-back': true },
  ...{ 'rolled-back': true, promoted: true, holdback: true, completed: true },
};
/** Of other phases than `paused`: `plan` goes its way, a rollback says its own, `archived` is `idle`. */
const ELSEWHERE = ['plan', 'archived', 'breaker', 'abort'];
const CAUSES: Readonly<Record<Cause, true>> = {
  ...{ manual: true, person: true, approval: true, guard: true, 'no-data': true, environment: true, overdue: true },
  ...{ 'plan-changed': true, breaker: true, abort: true, plan: true, archived: true },
};
const KINDS: Readonly<Record<EventKind, true>> = {
  ...{ 'release-started': true, 'spec-changed': true, 'rollout-archived': true, 'rollout-restored': true },
  ...{ 'weight-set': true, promoted: true, extended: true, paused: true, resumed: true, approved: true },
  ...{ 'rollback-started': true, 'rolled-back': true, completed: true, 'guard-failed': true, 'guard-cleared': true },
};

/** First cells of the table with this head. */
function rowsOf(head: string): string[] {
  const [, table = ''] = page.split(`\n| ${head} |`);
  const rows = (table.split('\n\n')[0] ?? '').split('\n').slice(2);
  return rows.map((row) => /^\| `([^`]+)`/.exec(row)?.[1] ?? row);
}

test('docs/rollout.md has a row for every phase and for every cause of a pause, and no other', () => {
  expect(rowsOf('phase').sort()).toEqual(Object.keys(PHASES).sort());
  const paused = Object.keys(CAUSES).filter((cause) => !ELSEWHERE.includes(cause));
  expect(rowsOf('cause of `paused`').sort()).toEqual(paused.sort());
});

test('docs/rollout.md names every kind of event', () => {
  const [, events = ''] = page.split('\n## Events\n');
  const [, listed = ''] = events.split('Kinds: ');
  const named = [...(listed.split('. `actor`')[0] ?? '').matchAll(/`([a-z-]+)`/g)].map(([, kind]) => kind);
  expect(named.sort()).toEqual(Object.keys(KINDS).sort());
});

test('every verb and option that docs/rollout.md shows exists', async () => {
  const verbs = rowsOf('verb').map((row) => row.split(' '));
  expect(verbs.length).toBeGreaterThan(6);
  for (const [verb = '', ...words] of verbs) {
    const terminal = fakeTerminal();
    await run([verb, '--help'], terminal);
    const help = terminal.printed.join('');
    for (const [option] of words.join(' ').matchAll(/--[a-z-]+/g)) expect(help, verb).toContain(option);
    expect(help, verb).toContain('--reason <text>');
  }
});
