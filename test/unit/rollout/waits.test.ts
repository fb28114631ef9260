import { expect, test } from 'vitest';
import { exit } from '../../../src/cli/exit.ts';
import { run } from '../../../src/cli/program.ts';
import { type RolloutView, viewOf } from '../../../src/rollout/state.ts';
import type { RolloutState } from '../../../src/rollout/store.ts';
import { type Known, whyItWaits } from '../../../src/rollout/waits.ts';
import { fakeTerminal } from '../cli/fake-terminal.ts';
import { specOf } from './fakes.ts';
import { at, GUARDS, held, STAGES, stageOf, verdicts } from './plans.ts';

const HOUR_MS = 3_600_000;
const COMPLETE = 'understudy complete ranker --envoy HOST:PORT --reason "..."';

function viewAt(state: RolloutState, stages = STAGES): RolloutView {
  return viewOf(specOf('ranker', { stages, guards: GUARDS }), state, 'understudy.yaml');
}

function why(view: RolloutView, known: Partial<Known> = {}) {
  return whyItWaits(view, {
    ...{ verdicts: verdicts(), stale: false, reason: undefined, isStored: true, unconfirmed: [] },
    ...known,
  });
}

const paused = (cause: RolloutState['cause'], changes: Partial<RolloutState> = {}) =>
  viewAt(at('one', { phase: 'paused', cause, ...changes }));

test('a stage that is held says what holds it: guards first, then counts, then time', () => {
  const hold = held({ coveredMs: 50_000, pairs: 99 });
  const sentence = 'agreement of late 97.6 % (at least 97.1 %) < 98 %, n = 3,000, about 1,900 more pairs, 14 min';
  const said = verdicts({ agreement: { status: 'hold', sentence }, errors: { status: 'hold' }, told: 'fail' });
  expect(why(viewAt(at('shadow', { hold })), { verdicts: said })).toEqual([
    'holds: errors: errors says',
    `holds: agreement: ${sentence}`,
    'holds: 99 of 100 pairs',
    'holds: 50 s of 1 min held',
  ]);
  expect(why(viewAt(at('shadow', { hold })), { verdicts: [] })[0]).toBe('holds: errors: not judged yet');
});

test('a stage that is about to be left waits for nothing, unless its last block showed nothing', () => {
  expect(why(viewAt(at('one', { hold: held({ coveredMs: 60_000 }) })))).toEqual([]);
  expect(why(viewAt(at('one', { hold: held({ coveredMs: 60_000, silentMs: 10_000 }) })))).toEqual([
    'holds: nothing was seen in the last block',
  ]);
});

test('a guard on trial holds nothing, and what cannot be stored holds everything', () => {
  const hold = held({ coveredMs: 60_000 });
  const said = verdicts({ shift: { status: 'fail', dryRun: true } });
  const guards = GUARDS.map((guard) => (guard.name === 'shift' ? { ...guard, dryRun: true } : guard));
  expect(why({ ...viewAt(at('one', { hold })), guards }, { verdicts: said })).toEqual([]);
  expect(why(viewAt(at('one', { hold })), { stale: true })).toEqual([
    'holds: what was seen cannot be stored, and nobody is promoted until it can be',
  ]);
});

test('an extended stage says since when, until when, and what a person can do', () => {
  const hold = held({ coveredMs: 60_000, extendedMs: 14 * 60_000 });
  const waits = why(viewAt(at('one', { phase: 'extended', hold })), { verdicts: verdicts({ shift: 'fail' }) });
  expect(waits).toEqual([
    'holds: shift: shift says',
    'extended: its time was over 14 min ago, pauses after 1 h; understudy promote ranker --reason "..." overrules its guards',
  ]);
});

test('each cause of a pause says what was found, and the command that goes on', () => {
  const found = (cause: RolloutState['cause'], reason?: string) => why(paused(cause), { reason });
  expect(found('person', 'lunch')).toEqual(['paused (person): lunch: understudy resume ranker --reason "..."']);
  expect(found('guard', 'shift: 12 % > 5 %')).toEqual([
    'paused (guard): shift: 12 % > 5 %: understudy resume ranker --reason "...", or understudy abort ranker --reason "..."',
  ]);
  expect(found('environment', 'breaker: both fail')).toEqual([
    'paused (environment): breaker: both fail: understudy resume ranker --reason "...", or understudy abort ranker --reason "..."',
  ]);
  expect(found('no-data', 'errors: no traffic')).toEqual([
    'paused (no-data): errors: no traffic; goes on by itself when there is data again, and pauses again when it is resumed before',
  ]);
  expect(found('approval', 'one held for 1 h')).toEqual([
    'waits for approval (one held for 1 h): understudy approve ranker --reason "..."',
  ]);
  expect(found('overdue')).toEqual([
    'paused (overdue); understudy resume ranker --reason "..." gives it the same time again, understudy promote ranker --reason "..." overrules its guards',
  ]);
  expect(found('plan-changed', 'stage x is gone')).toEqual([
    'paused (plan-changed): stage x is gone: understudy weight ranker WEIGHT --reason "...", then understudy resume ranker --keep-weight --reason "..."',
  ]);
});

test('a weight by hand says who set it; without stages there is nothing to go on to', () => {
  const byHand = { weightBp: 500, updatedBy: 'ana' };
  expect(why(paused('manual', byHand))).toEqual([
    'paused (manual): ana set 5 %: understudy resume ranker --reason "..."',
  ]);
  const noStages = viewAt(at('none', { phase: 'paused', cause: 'manual', stage: undefined, ...byHand }), []);
  expect(why(noStages)).toEqual([]);
  expect(why({ ...noStages, weightBp: 10_000 })).toEqual([
    `everybody is on 2.0.0; Envoy's catch-all leads to ranker-v1, so 1.8.0 is still needed; change it, then ${COMPLETE}`,
  ]);
});

test('what is promoted still needs the stable version, and says how it ends', () => {
  expect(why(viewAt(at('all')))).toEqual([
    `promoted: Envoy's catch-all still leads to ranker-v1, so 1.8.0 is still needed; change it, then ${COMPLETE}`,
  ]);
  const last = [stageOf('shadow', 0), stageOf('nearly', 9_500)];
  expect(why(viewAt(at('nearly', {}, { stages: last, guards: GUARDS }), last))).toEqual([
    `nearly is the last stage (95 %); to end it: understudy weight ranker 100% --reason "...", then ${COMPLETE}`,
  ]);
});

test('a rollback names what did it, and that only a new release goes on', () => {
  const back = (cause: RolloutState['cause'], reason?: string) =>
    why(paused(cause, { phase: 'rolled-back', weightBp: 0 }), { reason })[0];
  expect(back('guard', 'p95: p95 61 ms > 50 ms')).toBe(
    'rolled back by guard p95: p95 61 ms > 50 ms: a new version is a new release',
  );
  expect(back('breaker', 'breaker: 5 of 5 failed')).toBe(
    'rolled back by breaker: 5 of 5 failed: a new version is a new release',
  );
  expect(back('abort', 'clicks fell')).toBe('rolled back by a person: clicks fell: a new version is a new release');
  expect(back('guard')).toBe('rolled back by a guard: a new version is a new release');
});

test('a rollback that is in force says what it waits for: the store, threads, or both', () => {
  const rolling = paused('guard', { phase: 'rolling-back', weightBp: 0 });
  const lack = (known: Partial<Known>) => why(rolling, { reason: 'p95: slow', ...known });
  const unstored = 'it cannot be stored yet, and a restart before it can be would undo it';
  expect(lack({ unconfirmed: ['decide-0', 'decide-1'] })).toEqual([
    'rolled back by guard p95: slow: not yet confirmed by decide-0, decide-1',
  ]);
  expect(lack({ isStored: false })).toEqual([`rolled back by guard p95: slow: ${unstored}`]);
  expect(lack({ isStored: false, unconfirmed: ['decide-1'] })).toEqual([
    `rolled back by guard p95: slow: ${unstored}; not yet confirmed by decide-1`,
  ]);
  expect(lack({})).toEqual([
    'rolled back by guard p95: slow: every decide thread has confirmed it, which is not stored yet',
  ]);
});

test('every command that a release waits for is one that the program takes, with what it requires', async () => {
  const waits = [
    ...(['person', 'guard', 'environment', 'approval', 'overdue', 'plan-changed'] as const).map((cause) =>
      paused(cause),
    ),
    paused('manual', { weightBp: 500, updatedBy: 'ana' }),
    viewAt(at('all')),
    viewAt(at('one', { phase: 'extended', hold: held({ coveredMs: 60_000, extendedMs: 1 }) })),
  ].flatMap((view) => why(view));
  const commands = waits.flatMap((wait) => wait.match(/understudy [a-z]+ ranker.*? --reason "\.\.\."/g) ?? []);
  expect(waits.join().split('understudy ')).toHaveLength(commands.length + 1);
  for (const text of commands) {
    // nobody answers there: what commander does not take exits with another code
    const terminal = fakeTerminal({ UNDERSTUDY_ADMIN: '/nowhere/admin.sock' });
    const words = text.replaceAll('"', '').replace('WEIGHT', '5%').split(' ').slice(1);
    if (words[0] !== 'complete') expect(await run(words, terminal), text).toBe(exit.noSidecar);
  }
  const terminal = fakeTerminal();
  await run(['complete', '--help'], terminal);
  expect(terminal.printed.join('')).toContain('--envoy <address>');
  expect(commands).toContain(COMPLETE);
});

test('a stage of hours is told in hours', () => {
  const stages = [stageOf('one', 100, { hold: { timeMs: 2 * HOUR_MS } }), stageOf('all', 10_000)];
  const state = at('one', { hold: held({ coveredMs: 1.5 * HOUR_MS }) }, { stages, guards: GUARDS });
  expect(why(viewAt(state, stages))).toEqual(['holds: 1.5 h of 2 h held']);
});
