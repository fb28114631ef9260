import type { Command } from 'commander';
import { showEvents } from './events.ts';
import { explain } from './explain.ts';
import { aboveZero, collect, wholeNumber } from './option-values.ts';
import { showPair } from './pair.ts';
import { showPairs } from './pairs.ts';
import type { Terminal } from './terminal.ts';

/** Single requests, pairs and events. */
export function addLookCommands(program: Command, terminal: Terminal): void {
  program
    .command('explain')
    .description('show what would be decided for a request, and why')
    .requiredOption('--route <name>', "Envoy's route name")
    .option('-H, --header <header>', "request header, 'name: value'; may be repeated", collect, [])
    .option('--method <method>', 'HTTP method', 'GET')
    .option('--path <path>', 'path with query', '/')
    .option('--client <address>', 'client address', '')
    .option('--body', 'the request has a body')
    .option('--json', 'as JSON')
    .action((_, command) => explain(command.optsWithGlobals(), terminal));

  program
    .command('pairs')
    .description('show the newest pairs and those kept for people, oldest first')
    .option('--rollout <name>', 'only of this rollout')
    .option('--shadow <name>', 'only with this shadow')
    .option('--segment <NAME=VALUE>', 'only of this segment')
    .option('--field <name>', 'only if this field does not agree')
    .option('--min-difference <x>', 'only if the field (without --field, any) differs at least so much')
    .option('--status <n>', 'only if a side has this HTTP status', wholeNumber)
    .option('--different', 'only if the status or a field differs (without fields: status, body or an output)')
    .option('--kept', 'only those kept for people')
    .option('--recent <n>', 'how many of the newest, up to 1000', wholeNumber, 20)
    .option('--follow', 'go on with those to come')
    .option('--bodies', 'with the bodies of kept pairs (needs allowBodies: true)')
    .option('--json', 'as JSON, one pair a line')
    .action((_, command) => showPairs(command.optsWithGlobals(), terminal));

  program
    .command('pair <id>')
    .description('show both answers to one request, and what differs')
    .option('--shadow <name>', 'only with this shadow')
    .option('--bodies', 'with its bodies, side by side, if it is kept (needs allowBodies: true)')
    .option('--json', 'as JSON, one pair a line')
    .action((id, _, command) => showPair(id, command.optsWithGlobals(), terminal));

  program
    .command('forget')
    .description('remove what came from a unit from the sidecar and its recording')
    .requiredOption('--unit <value>', 'as the header or cookie had it')
    .option(
      '--source <source>',
      'where it was: header:x-user-id, cookie:sid, client:address; may be repeated (else as the rollouts say)',
      collect,
      [],
    )
    .requiredOption('--reason <text>', 'why; goes into the log of the sidecar')
    .option('--actor <name>', 'who (else $USER)')
    .option('--json', 'as JSON')
    .action(async (_, command) => (await import('./forget.ts')).forget(command.optsWithGlobals(), terminal));

  program
    .command('replay')
    .description('send recorded requests to a candidate, and compare its answers with the recorded ones')
    .requiredOption('--to <url>', 'where the candidate answers; a path in it goes before the recorded ones')
    .requiredOption('--rate <n>', 'requests a second', aboveZero)
    .option('--from <folder>', "the recording (else the configuration's)")
    .option('--rollout <name>', 'of this rollout (else the only one with `prediction:`)')
    .option('--shadow <name>', 'only pairs with this shadow')
    .option('--since <time>', 'a time ago (6h, 1d, 2w), or a time (2026-03-01T12:00Z); else all that is recorded')
    .option('--until <time>', 'likewise; else now')
    .option('--field <name>', 'compare only this field; may be repeated', collect, [])
    .option('-H, --header <header>', "sent with every request, 'name: value'; may be repeated", collect, [])
    .option('--labels <file>', 'JSON lines {"id", "relevant"}: precision of rankings')
    .option('--precision-at <k>', 'of the top k', wholeNumber, 10)
    .option('--popularity <file>', 'JSON {"users", "seen"}: novelty of rankings in bits')
    .option('--resume <file>', 'keep the state there, and go on from it when it is there')
    .option('--report <file>', 'write the report there (else print it)')
    .option('--format <format>', 'md, html or json (else by the name of the file)')
    .option('--max-in-flight <n>', 'requests not yet answered', wholeNumber, 64)
    .option('--timeout-ms <n>', 'for a whole answer', wholeNumber, 10_000)
    .action(async (_, command) => (await import('./replay.ts')).replay(command.optsWithGlobals(), terminal));

  program
    .command('events')
    .description('show what changed, newest first')
    .option('--rollout <name>', 'only of this rollout')
    .option('--limit <n>', 'how many, 1 to 1000', wholeNumber, 50)
    .option('--follow', 'oldest first, and go on with those to come')
    .option('-v, --verbose', 'with what every guard said then')
    .option('--json', 'as JSON, one event a line')
    .action((_, command) => showEvents(command.optsWithGlobals(), terminal));
}
