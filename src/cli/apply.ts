/** Makes or changes a rollout that is in no file, and takes it back. */
import { readFileSync } from 'node:fs';
import { status } from '@grpc/grpc-js';
import type { ApplyRolloutResponse } from '../gen/understudy/admin/v1/admin.ts';
import { actorOf, type ChangeOptions, changeOf, confirmation, placeLine } from './change.ts';
import { ask, withAdmin } from './client.ts';
import { isServiceError, UsageError } from './exit.ts';
import { printable } from './printable.ts';
import { paint } from './table.ts';
import { printJson, type Terminal } from './terminal.ts';

export interface ApplyOptions extends Omit<ChangeOptions, 'reason'> {
  /** Needed but for a dry run. */
  readonly reason?: string;
  readonly dryRun?: boolean;
}

export function apply(file: string, options: ApplyOptions, terminal: Terminal): Promise<void> {
  const { reason = '', dryRun = false, expectRevision } = options;
  if (!dryRun && reason === '') throw new UsageError('a change needs --reason; --dry-run shows what it would be');
  const spec = read(file);
  return withAdmin(options, terminal, async (client) => {
    const request = { spec, dryRun, reason, actor: actorOf(options, terminal), expectedRevision: expectRevision };
    const answer = await ask(client, client.applyRollout, request).catch((error) => throwAt(file, error));
    if (options.json) printJson(terminal, answer);
    else terminal.out(described(answer, file, dryRun, terminal));
  });
}

export function remove(rollout: string, options: ChangeOptions, terminal: Terminal): Promise<void> {
  return withAdmin(options, terminal, async (client) => {
    const answer = await ask(client, client.deleteRollout, changeOf(rollout, options, terminal));
    if (options.json) printJson(terminal, answer);
    else terminal.out(`${rollout}: archived, ${confirmation(answer.unconfirmedThreads, terminal)}\n`);
  });
}

function described(answer: ApplyRolloutResponse, file: string, dryRun: boolean, terminal: Terminal): string {
  const { rollout, unchanged, newRelease, diff, warnings, unconfirmedThreads } = answer;
  const name = rollout?.name ?? '';
  const lines = diff.map((line) => `  ${printable(line)}`);
  lines.push(...warnings.map((line) => `${paint(terminal, 'yellow', 'warning')}: ${file}:${printable(line)}`));
  if (unchanged) lines.push(`${name}: nothing is new`);
  else {
    if (newRelease) lines.push(`${name}: a new release, ${rollout?.release}: it starts without evidence`);
    if (dryRun) lines.push(`${name}: nothing was changed (dry run)`);
    else if (rollout !== undefined) lines.push(`${placeLine(rollout)}, ${confirmation(unconfirmedThreads, terminal)}`);
  }
  return `${lines.join('\n')}\n`;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? error})`);
  }
}

/** Mistakes have lines and columns of the file, whose name the sidecar does not know. */
function throwAt(file: string, error: unknown): never {
  if (isServiceError(error) && error.code === status.INVALID_ARGUMENT && /^spec: \d+:\d+: /.test(error.details)) {
    const lines = error.details.slice('spec: '.length).split('\n');
    if (lines.some((line) => /^\d+:\d+: rollouts: unknown key/.test(line)))
      throw new UsageError(`${file}: expected one entry of rollouts:, found a whole configuration`);
    throw new UsageError(lines.map((line) => `${file}:${line}`).join('\n'));
  }
  throw error;
}
