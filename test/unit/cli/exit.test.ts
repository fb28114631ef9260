import { status } from '@grpc/grpc-js';
import { CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { exit, exitHelp, explainFailure, NoSidecarError, UsageError } from '../../../src/cli/exit.ts';
import { ConfigError } from '../../../src/config/problem.ts';

function refusedWith(code: status): Error {
  return Object.assign(new Error('13 INTERNAL: long'), { code, details: 'short' });
}

test.each([
  [new CommanderError(0, 'commander.helpDisplayed', ''), exit.ok],
  [new CommanderError(1, 'commander.unknownCommand', ''), exit.usage],
  [new ConfigError([]), exit.usage],
  [new UsageError('wrong'), exit.usage],
  [new NoSidecarError('nobody'), exit.noSidecar],
  [refusedWith(status.INVALID_ARGUMENT), exit.usage],
  [refusedWith(status.NOT_FOUND), exit.notFound],
  [refusedWith(status.FAILED_PRECONDITION), exit.refused],
  [refusedWith(status.UNAVAILABLE), exit.refused],
  [refusedWith(status.DEADLINE_EXCEEDED), exit.noSidecar],
  [refusedWith(status.INTERNAL), exit.unexpected],
  [new TypeError('bug'), exit.unexpected],
])('%s gives exit code %i', (error, code) => {
  expect(explainFailure(error).code).toBe(code);
});

test('a refusal is told in the words of the sidecar', () => {
  expect(explainFailure(refusedWith(status.NOT_FOUND)).line).toBe('short');
});

test('the help names every exit code', () => {
  expect([...exitHelp.matchAll(/^ {2}(\d)/gm)].map((match) => Number(match[1]))).toEqual(Object.values(exit));
});
