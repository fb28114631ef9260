import { formatPercent, parsePercent } from '../config/units.ts';
import { actorOf, confirmation } from './change.ts';
import { ask, withAdmin } from './client.ts';
import { UsageError } from './exit.ts';
import type { Settings } from './settings.ts';
import { printJson, type Terminal } from './terminal.ts';

export interface WeightOptions extends Settings {
  readonly reason?: string;
  readonly actor?: string;
  readonly expectRevision?: number;
  readonly json?: boolean;
}

/** Sets a rollout's weight (`5%`, `500bp`), or prints it when no value is given. */
export function weight(
  rollout: string,
  value: string | undefined,
  options: WeightOptions,
  terminal: Terminal,
): Promise<void> {
  const weightBp = value === undefined ? undefined : parseWeight(value);
  const { reason } = options;
  if (weightBp !== undefined && reason === undefined) throw new UsageError('a change of weight needs --reason');

  return withAdmin(options, terminal, async (client) => {
    const before = await ask(client, client.getRollout, { name: rollout });
    if (weightBp === undefined || reason === undefined) {
      if (options.json) printJson(terminal, before);
      else terminal.out(`${rollout}: ${formatPercent(before.weightBp)} (revision ${before.revision})\n`);
      return;
    }
    const request = {
      rollout,
      weightBp,
      reason,
      actor: actorOf(options, terminal),
      expectedRevision: options.expectRevision,
    };
    const answer = await ask(client, client.setWeight, request);
    if (options.json) {
      printJson(terminal, answer);
      return;
    }
    const change = `${formatPercent(before.weightBp)} -> ${formatPercent(weightBp)} (revision ${answer.rollout?.revision})`;
    terminal.out(`${rollout}: ${change}, ${confirmation(answer.unconfirmedThreads, terminal)}\n`);
  });
}

function parseWeight(text: string): number {
  const basisPoints = /^(\d{1,5})bp$/.exec(text)?.[1];
  const weightBp = basisPoints === undefined ? parsePercent(text) : Number(basisPoints);
  if (weightBp !== undefined && weightBp <= 10_000) return weightBp;
  throw new UsageError(`weight: expected for example 5%, 0.25% or 500bp, up to 100%, found ${JSON.stringify(text)}`);
}
