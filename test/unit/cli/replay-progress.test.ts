import { expect, test } from 'vitest';
import { replayProgress } from '../../../src/cli/replay-progress.ts';
import { fakeTerminal } from './fake-terminal.ts';

function start(interactive: boolean, done = 0) {
  const terminal = { ...fakeTerminal(), interactive };
  const clock = { nowMs: 0 };
  const progress = replayProgress(terminal, { toSend: 200, done }, () => clock.nowMs);
  return { terminal, clock, progress };
}

test('on a screen one line is drawn again and again, and left standing at the end', () => {
  const { terminal, clock, progress } = start(true);
  progress.show(1);
  clock.nowMs = 1_000;
  progress.show(100);
  progress.end();
  const line = `\r[${'#'.repeat(15)}${'.'.repeat(15)}] 100 of 200 (50 %), 100.0 a second\x1b[K`;
  expect(terminal.errors).toEqual([line, `${line}\n`]);
});

test('elsewhere it is a plain line now and then, and its rate is of this run only', () => {
  const { terminal, clock, progress } = start(false, 50);
  clock.nowMs = 9_000;
  progress.show(60);
  clock.nowMs = 10_000;
  progress.show(70);
  expect(terminal.errors).toEqual(['70 of 200 (35 %), 2.0 a second\n']);
});
