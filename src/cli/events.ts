import { ask, withAdmin } from './client.ts';
import type { Settings } from './settings.ts';
import { table } from './table.ts';
import { printJson, type Terminal } from './terminal.ts';

export interface EventsOptions extends Settings {
  readonly rollout?: string;
  readonly limit: number;
  readonly json?: boolean;
}

const heads = ['NUMBER', 'TIME', 'ROLLOUT', 'KIND', 'BY', 'REASON', 'REVISION', 'DETAIL'];

/** Prints what changed, newest first; with `json` one event a line. */
export function showEvents(options: EventsOptions, terminal: Terminal): Promise<void> {
  return withAdmin(options, terminal, async (client) => {
    const request = { rollout: options.rollout ?? '', limit: options.limit, before: 0 };
    const { events } = await ask(client, client.listEvents, request);
    if (options.json) {
      for (const event of events) printJson(terminal, event);
      return;
    }
    const rows = events.map(({ number, timeMs, rollout, kind, actor, reason, revision, detail }) => {
      return [number, new Date(timeMs).toISOString(), rollout, kind, actor, reason, revision, detail];
    });
    terminal.out(table(terminal, heads, rows));
  });
}
