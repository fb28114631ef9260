import { Command } from 'commander';
import { version } from '../version.ts';
import { check } from './check.ts';
import { addLookCommands } from './commands-look.ts';
import { addReportCommands } from './commands-report.ts';
import { addRolloutCommands } from './commands-rollout.ts';
import { addTokenCommands } from './commands-token.ts';
import { doctorExitHelp, type ExitCode, exit, exitHelp, explainFailure, planExitHelp } from './exit.ts';
import { aboveZero, collect, wholeNumber } from './option-values.ts';
import { printEnvoyFile } from './render.ts';
import { serve } from './serve.ts';
import type { Terminal } from './terminal.ts';

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
      'admin socket of the sidecar, or host:port (else $UNDERSTUDY_ADMIN, else the socket in the configuration)',
    )
    .option('--token-file <file>', 'has the token to show (else $UNDERSTUDY_TOKEN, $UNDERSTUDY_TOKEN_FILE)')
    .option('--ca <file>', "root of the sidecar's certificate (else $UNDERSTUDY_CA; beyond this machine, the system's)")
    .option('--certificate <file>', 'client certificate to show (else $UNDERSTUDY_CERTIFICATE)')
    .option('--key <file>', 'its key (else $UNDERSTUDY_KEY)')
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
    .option('--yaml', 'only the stages and guards that `plan:` stands for, to be pasted in its place')
    .addHelpText('after', planExitHelp)
    .action(async (rollout, _, command) =>
      (await import('./plan.ts')).showPlan(rollout, command.optsWithGlobals(), terminal),
    );

  // in this order they are listed
  addRolloutCommands(program, terminal);
  addLookCommands(program, terminal);
  addTokenCommands(program, terminal);
  addReportCommands(program, terminal);

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
    .requiredOption('--envoy <address>', "Envoy's admin page, for example 127.0.0.1:9901")
    .option('--probe <url>', 'send one request there and follow it through')
    .option('-H, --header <header>', "header of the probe, 'name: value'; may be repeated", collect, [])
    .option('--data <text>', 'body of the probe, which is then a POST')
    .option('--verbose', 'also list what was checked')
    .option('--json', 'as JSON')
    .addHelpText('after', doctorExitHelp)
    .action(async (_, command) => (await import('./doctor.ts')).doctor(command.optsWithGlobals(), terminal));

  return program;
}
