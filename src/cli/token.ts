/** Makes, lists and revokes tokens. */
import { userInfo } from 'node:os';
import { MAX_LIFETIME_MS, MIN_LIFETIME_MS } from '../access/token-desk.ts';
import { parseDuration } from '../config/units.ts';
import type { Token } from '../gen/understudy/admin/v1/admin.ts';
import { ask, withAdmin } from './client.ts';
import { UsageError } from './exit.ts';
import type { Settings } from './settings.ts';
import { table } from './table.ts';
import { printJson, type Terminal } from './terminal.ts';

export interface TokenOptions extends Settings {
  readonly actor?: string;
  readonly json?: boolean;
}

export interface CreateOptions extends TokenOptions {
  readonly role: string;
  readonly expires: string;
}

/** The secret alone is on standard output, so that it can go into a file. */
export function createToken(name: string, options: CreateOptions, terminal: Terminal): Promise<void> {
  const lifetimeMs = parseDuration(options.expires);
  if (lifetimeMs === undefined || lifetimeMs < MIN_LIFETIME_MS || lifetimeMs > MAX_LIFETIME_MS)
    throw new UsageError(`--expires: expected 1m to 366d, for example 90d, found ${JSON.stringify(options.expires)}`);
  return withAdmin(options, terminal, async (client) => {
    const actor = actorOf(options, terminal);
    const answer = await ask(client, client.createToken, { name, role: options.role, lifetimeMs, actor });
    if (options.json) {
      printJson(terminal, answer);
      return;
    }
    terminal.out(`${answer.secret}\n`);
    const { id, role, expiresAtMs = 0 } = answer.token ?? {};
    const until = new Date(expiresAtMs).toISOString();
    terminal.error(`token ${id} for ${name}: ${role} until ${until}; its secret is not shown again\n`);
  });
}

const heads = ['ID', 'NAME', 'ROLE', 'STATE', 'EXPIRES', 'CREATED', 'BY'];

export function listTokens(options: TokenOptions, terminal: Terminal): Promise<void> {
  return withAdmin(options, terminal, async (client) => {
    const { tokens } = await ask(client, client.listTokens, {});
    if (options.json) {
      for (const token of tokens) printJson(terminal, token);
      return;
    }
    const rows = tokens.map((token) => {
      const { id, name, role, expiresAtMs, createdAtMs, createdBy } = token;
      return [id, name, role, stateOf(token, Date.now()), time(expiresAtMs), time(createdAtMs), createdBy];
    });
    terminal.out(table(terminal, heads, rows));
  });
}

export function revokeToken(id: string, options: TokenOptions, terminal: Terminal): Promise<void> {
  return withAdmin(options, terminal, async (client) => {
    const token = await ask(client, client.revokeToken, { id, actor: actorOf(options, terminal) });
    if (options.json) printJson(terminal, token);
    else terminal.out(`token ${id} of ${token.name} is revoked\n`);
  });
}

function actorOf({ actor }: TokenOptions, { env }: Terminal): string {
  return actor ?? env.USER ?? userInfo().username;
}

function stateOf({ revokedAtMs, revokedBy, expiresAtMs }: Token, nowMs: number): string {
  if (revokedAtMs !== undefined) return `revoked by ${revokedBy}`;
  return nowMs >= expiresAtMs ? 'expired' : 'valid';
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
