import type { Command } from 'commander';
import type { Terminal } from './terminal.ts';

/** Tokens. */
export function addTokenCommands(program: Command, terminal: Terminal): void {
  const token = program.command('token').description('tokens for the admin API by TCP: docs/access.md');
  token
    .command('create <name>')
    .description('make one, and print its secret: it is shown once')
    .requiredOption('--role <role>', 'viewer, operator, approver or admin')
    .requiredOption('--expires <time>', 'how long it is valid: 1m to 366d, for example 90d')
    .option('--actor <name>', 'who makes it (else $USER)')
    .option('--json', 'as JSON')
    .action(async (name, _, command) =>
      (await import('./token.ts')).createToken(name, command.optsWithGlobals(), terminal),
    );
  token
    .command('list')
    .description('show all, also those that are no longer valid')
    .option('--json', 'as JSON, one a line')
    .action(async (_, command) => (await import('./token.ts')).listTokens(command.optsWithGlobals(), terminal));
  token
    .command('revoke <id>')
    .description('from now on it opens nothing')
    .option('--actor <name>', 'who revokes it (else $USER)')
    .option('--json', 'as JSON')
    .action(async (id, _, command) =>
      (await import('./token.ts')).revokeToken(id, command.optsWithGlobals(), terminal),
    );
}
