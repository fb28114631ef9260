/** What people ask of a release: promote, pause, resume, abort, approve. One request, one answer, printed alike. */
import { userInfo } from 'node:os';
import { formatPercent } from '../config/units.ts';
import type { ChangeRequest, ChangeResponse, Rollout, RolloutAdminClient } from '../gen/understudy/admin/v1/admin.ts';
import { ask, withAdmin } from './client.ts';
import { phaseText, stageText } from './place.ts';
import { printable } from './printable.ts';
import type { Settings } from './settings.ts';
import { paint } from './table.ts';
import { printJson, type Terminal } from './terminal.ts';

export interface ChangeOptions extends Settings {
  readonly reason: string;
  readonly actor?: string;
  readonly expectRevision?: number;
  readonly json?: boolean;
}

export interface ChangeMoreOptions extends ChangeOptions {
  /** Of promote. */
  readonly toEnd?: boolean;
  /** Of resume. */
  readonly keepWeight?: boolean;
}

type Send = (client: RolloutAdminClient, change: ChangeRequest, options: ChangeMoreOptions) => Promise<ChangeResponse>;

const SENT = {
  promote: (client, change, { toEnd = false }) => ask(client, client.promote, { change, toEnd }),
  pause: (client, change) => ask(client, client.pause, change),
  resume: (client, change, { keepWeight = false }) => ask(client, client.resume, { change, keepWeight }),
  abort: (client, change) => ask(client, client.abort, change),
  approve: (client, change) => ask(client, client.approve, change),
} satisfies Readonly<Record<string, Send>>;

export type SimpleVerb = keyof typeof SENT;

export function change(
  verb: SimpleVerb,
  rollout: string,
  options: ChangeMoreOptions,
  terminal: Terminal,
): Promise<void> {
  const send: Send = SENT[verb];
  return withAdmin(options, terminal, async (client) => {
    printChanged(await send(client, changeOf(rollout, options, terminal), options), options, terminal);
  });
}

export function changeOf(
  rollout: string,
  options: Omit<ChangeOptions, keyof Settings | 'json'>,
  terminal: Terminal,
): ChangeRequest {
  const { reason, expectRevision } = options;
  return { rollout, reason, actor: actorOf(options, terminal), expectedRevision: expectRevision };
}

export function actorOf({ actor }: { readonly actor?: string }, { env }: Terminal): string {
  return actor ?? env.USER ?? userInfo().username;
}

/** `ranker: baking, stage 2/5 five, 5 % (revision 3), confirmed by every decide thread`, and why it does not go on. */
export function printChanged(answer: ChangeResponse, { json }: { readonly json?: boolean }, terminal: Terminal): void {
  if (json) {
    printJson(terminal, answer);
    return;
  }
  const { rollout, unconfirmedThreads } = answer;
  if (rollout === undefined) return;
  terminal.out(`${placeLine(rollout)}, ${confirmation(unconfirmedThreads, terminal)}\n`);
  for (const wait of rollout.waits) terminal.out(`  ${printable(wait)}\n`);
}

export function placeLine(rollout: Rollout): string {
  const stage = stageText(rollout);
  const place = [phaseText(rollout), ...(stage === undefined ? [] : [`stage ${stage}`])];
  return `${rollout.name}: ${place.join(', ')}, ${formatPercent(rollout.weightBp)} (revision ${rollout.revision})`;
}

export function confirmation(waiting: readonly string[], terminal: Terminal): string {
  if (waiting.length === 0) return 'confirmed by every decide thread';
  return paint(terminal, 'yellow', `stored, still to be confirmed by ${waiting.join(', ')}`);
}
