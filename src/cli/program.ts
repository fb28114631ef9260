import { Command, InvalidArgumentError } from 'commander';
import { version } from '../version.ts';
import { check } from './check.ts';
import { showEvents } from './events.ts';
import { doctorExitHelp, type ExitCode, exit, exitHelp, explainFailure, planExitHelp } from './exit.ts';
import { explain } from './explain.ts';
import { showPair } from './pair.ts';
import { showPairs } from './pairs.ts';
import { printEnvoyFile } from './render.ts';
import { serve } from './serve.ts';
import { showStatus } from './status.ts';
import type { Terminal } from './terminal.ts';
import { showVerdict } from './verdict.ts';
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
    .option('--live', 'ask the model servers instead: whether all take and give the same tensors (KServe v2)')
    .option('--endpoint <CLUSTER=url>', 'with --live: the server behind a cluster; may be repeated', collect, [])
    .option(
      '--model <[CLUSTER=]name>',
      "with --live: the model's name (else the rollout's); may be repeated",
      collect,
      [],
    )
    .option('--rate <n>', 'requests a second to each rollout, for what a recording takes', wholeNumber, 100)
    .option('--json', 'as JSON')
    .action(async (file, { live, endpoint, model }, command) =>
      live === true || endpoint.length > 0 || model.length > 0
        ? (await import('./check-live.ts')).checkLive(file, command.optsWithGlobals(), terminal)
        : check(file, command.optsWithGlobals(), terminal),
    );

  program
    .command('plan [rollout]')
    .description('show what each stage can tell: which guard looks at what, how much it takes, and how long that is')
    .option('--rate <n>', 'requests a second to a rollout (else as a sidecar has seen, else 100)', aboveZero)
    .option('--json', 'as JSON, one rollout a line')
    .addHelpText('after', planExitHelp)
    .action(async (rollout, _, command) =>
      (await import('./plan.ts')).showPlan(rollout, command.optsWithGlobals(), terminal),
    );

  program
    .command('verdict <rollout>')
    .description('show what each guard of a rollout says: value, bound, threshold, evidence, and a sentence')
    .option('--watch', 'again each time it is judged anew')
    .option('--json', 'as JSON, with --watch one answer a line')
    .action((rollout, _, command) => showVerdict(rollout, command.optsWithGlobals(), terminal));

  program
    .command('outcomes [file]')
    .description('send outcomes, one JSON object a line (- is standard input), or show what truths say of the models')
    .option('--show <rollout>', 'how well predictions met what came true: stable and candidate, on the same requests')
    .option('--json', 'as JSON')
    .action(async (file, _, command) =>
      (await import('./outcomes.ts')).outcomes(file, command.optsWithGlobals(), terminal),
    );

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
    .option('--json', 'as JSON, one event a line')
    .action((_, command) => showEvents(command.optsWithGlobals(), terminal));

  program
    .command('report')
    .description('say what a time of the recording shows: where the answers differ, how fast, how often wrong')
    .option('--since <time>', 'from when: 6h, 1d, 2w ago, or 2026-03-01 (UTC), 2026-03-01T12:00Z', '1d')
    .option('--until <time>', 'likewise (else now)')
    .option('--rollout <name>', 'only of this rollout')
    .option('--shadow <name>', 'only with this shadow')
    .option('--format <format>', "md, html or json (else by the output's name, else md)")
    .option('--output <file>', 'write it there; - is the terminal')
    .option('--from <folder>', 'the recording (else the one in the configuration)')
    .option('--every <time>', 'stay, and write one for each whole hour, day (1d), week (1w)')
    .option('--into <folder>', 'with --every: where they go, by the name of the period')
    .action(async (_, command) => (await import('./report.ts')).report(command.optsWithGlobals(), terminal));

  program
    .command('export')
    .description('write recorded rows into one CSV or Parquet file (needs the optional package @duckdb/node-api)')
    .option('--since <time>', 'from when: 6h, 1d, 2w ago, or 2026-03-01 (UTC), 2026-03-01T12:00Z', '1d')
    .option('--until <time>', 'likewise (else now)')
    .option('--rollout <name>', 'only of this rollout')
    .option('--shadow <name>', 'only with this shadow')
    .option('--where <sql>', "only rows for which this is true, in DuckDB's SQL over the columns of docs/recording.md")
    .option('--format <format>', "csv or parquet (else by the output's name)")
    .requiredOption('--output <file>', 'write it there')
    .option('--from <folder>', 'the recording (else the one in the configuration)')
    .action(async (_, command) => (await import('./export.ts')).exportRecording(command.optsWithGlobals(), terminal));

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

function aboveZero(text: string): number {
  if (!/^\d{1,6}(\.\d{1,3})?$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError('Expected a number above 0.');
  return Number(text);
}

function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}
