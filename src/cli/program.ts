import { Command, InvalidArgumentError } from 'commander';
import { version } from '../version.ts';
import { check } from './check.ts';
import { showEvents } from './events.ts';
import { doctorExitHelp, type ExitCode, exit, exitHelp, explainFailure } from './exit.ts';
import { explain } from './explain.ts';
import { showPairs } from './pairs.ts';
import { printEnvoyFile } from './render.ts';
import { serve } from './serve.ts';
import { showStatus } from './status.ts';
import type { Terminal } from './terminal.ts';
import { weight } from './weight.ts';

/** Runs the command that `args` (without node and script) name; resolves with the exit code and never rejects. */
export async function run(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    await createProgram(terminal).parseAsync(args, { from: 'user' });
    return exit.ok;
  } catch (error) {
    const { code, line } = explainFailure(error);
    if (line !== undefined) terminal.error(`${line}\n`);
    return code;
  }
}

function createProgram(terminal: Terminal): Command {
  const program = new Command('understudy')
    .description('Rehearses a new model on live traffic beside Envoy.')
    .version(version)
    .option(
      '--config <file>',
      'configuration (else $UNDERSTUDY_CONFIG, ./understudy.yaml, /etc/understudy/understudy.yaml)',
    )
    .option(
      '--admin <socket>',
      'admin socket of the sidecar (else $UNDERSTUDY_ADMIN, else the one in the configuration)',
    )
    .addHelpText('after', exitHelp)
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.error(text) })
    .exitOverride();

  program
    .command('serve')
    .description(
      'run the sidecar until SIGTERM or SIGINT; SIGHUP, or a change of its file, takes the configuration again',
    )
    .action((_, command) => serve(command.optsWithGlobals(), terminal));

  program
    .command('check [file]')
    .description('say what is wrong in the configuration, and what may not be meant; the sidecar is not asked')
    .option('--json', 'as JSON')
    .action((file, _, command) => check(file, command.optsWithGlobals(), terminal));

  program
    .command('status')
    .description('show every rollout, its shadows and the sidecar')
    .option('--watch', 'again after every change and every second')
    .option('--json', 'as JSON, with --watch one answer a line')
    .action((_, command) => showStatus(command.optsWithGlobals(), terminal));

  program
    .command('weight <rollout> [weight]')
    .description('set the share of units on canary (5%, 500bp), or show it')
    .option('--reason <text>', 'why; needed for a change, kept in the event')
    .option('--actor <name>', 'who (else $USER)')
    .option('--expect-revision <n>', 'only if this still is the revision of the rollout', wholeNumber)
    .option('--json', 'as JSON')
    .action((rollout, value, _, command) => weight(rollout, value, command.optsWithGlobals(), terminal));

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
    .description('show the newest pairs, oldest first')
    .option('--rollout <name>', 'only of this rollout')
    .option('--shadow <name>', 'only with this shadow')
    .option('--different', 'only if status, body or an output differs')
    .option('--recent <n>', 'how many of the newest, up to 1000', wholeNumber, 20)
    .option('--follow', 'go on with those to come')
    .option('--json', 'as JSON, one pair a line')
    .action((_, command) => showPairs(command.optsWithGlobals(), terminal));

  program
    .command('events')
    .description('show what changed, newest first')
    .option('--rollout <name>', 'only of this rollout')
    .option('--limit <n>', 'how many, 1 to 1000', wholeNumber, 50)
    .option('--json', 'as JSON, one event a line')
    .action((_, command) => showEvents(command.optsWithGlobals(), terminal));

  program
    .command('render')
    .description('print configuration for what stands beside the sidecar')
    .command('envoy')
    .description('print a complete, commented envoy.yaml for the configuration')
    .option('--endpoint <CLUSTER=host:port>', 'where a cluster is; may be repeated, also for one cluster', collect, [])
    .option('--match <ROUTE=/prefix>', 'path prefix of a route; may be repeated', collect, [])
    .option('--listen <IP:port>', 'where users come in', '0.0.0.0:10000')
    .option('--admin-listen <IP:port>', "Envoy's admin page", '127.0.0.1:9901')
    .option('--tracing <host:port>', 'collector of spans (OTLP over gRPC)')
    .option('--no-tracing', 'Envoy makes no spans')
    .option('--trace-sample <percent>', 'share of requests that are traced', '1%')
    .option('--response-headers', 'tell users x-understudy-id and x-understudy-arm')
    .option('--lua <path>', 'capture.lua, as Envoy sees it', '/etc/envoy/capture.lua')
    .option('--route-timeout <time>', "of users' requests; shadows get nine tenths of it", '10s')
    .option('--output <file>', 'write it there')
    .action((_, command) => printEnvoyFile(command.optsWithGlobals(), terminal));

  program
    .command('doctor')
    .description('say what is wrong between a running Envoy and the sidecar, why it matters, and the mend')
    .requiredOption('--envoy <url>', "Envoy's admin endpoint, for example http://127.0.0.1:9901")
    .option('--probe <url>', 'send one request there and follow it through')
    .option('-H, --header <header>', "header of the probe, 'name: value'; may be repeated", collect, [])
    .option('--data <text>', 'body of the probe, which is then a POST')
    .option('--verbose', 'also list what was checked')
    .option('--json', 'as JSON')
    .addHelpText('after', doctorExitHelp)
    .action(async (_, command) => (await import('./doctor.ts')).doctor(command.optsWithGlobals(), terminal));

  return program;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}

function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}
