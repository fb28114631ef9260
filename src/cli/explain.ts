import type { ExplainResponse } from '../gen/understudy/admin/v1/admin.ts';
import { ask, withAdmin } from './client.ts';
import { UsageError } from './exit.ts';
import type { Settings } from './settings.ts';
import { paint } from './table.ts';
import { printJson, type Terminal } from './terminal.ts';

export interface ExplainOptions extends Settings {
  readonly route: string;
  /** `name: value` */
  readonly header: readonly string[];
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  /** Client address, with or without a port. */
  readonly client: string;
  readonly body?: boolean;
  readonly json?: boolean;
}

/** Prints what would be decided for a request, and why. */
export function explain(options: ExplainOptions, terminal: Terminal): Promise<void> {
  const { route, method, path, client: clientAddress, body: hasBody = false } = options;
  const headers = Object.fromEntries(options.header.map(parseHeader));
  return withAdmin(options, terminal, async (client) => {
    const answer = await ask(client, client.explain, { route, method, path, clientAddress, headers, hasBody });
    if (options.json) printJson(terminal, answer);
    else terminal.out(describe(route, answer, terminal));
  });
}

export function parseHeader(text: string): [name: string, value: string] {
  const colon = text.indexOf(':');
  if (colon < 1) throw new UsageError(`--header: expected 'name: value', found ${JSON.stringify(text)}`);
  return [text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim()];
}

function describe(route: string, answer: ExplainResponse, terminal: Terminal): string {
  if (answer.rollout === '') return `no rollout has the route ${route}: Envoy's own routes apply\n`;
  const { arm, reason, rollout, revision, steps } = answer;
  const headline = `${paint(terminal, 'bold', arm)} by ${reason} (${rollout}, revision ${revision})`;
  return [headline, ...steps.map((step) => `  ${step}`), ''].join('\n');
}
