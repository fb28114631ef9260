import type { Command } from 'commander';
import { change, type SimpleVerb } from './change.ts';
import { wholeNumber } from './option-values.ts';
import { showStatus } from './status.ts';
import type { Terminal } from './terminal.ts';
import { showVerdict } from './verdict.ts';
import { weight } from './weight.ts';

/** Where rollouts are, what is said of them, and what people do with them. */
export function addRolloutCommands(program: Command, terminal: Terminal): void {
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

  const changing = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .requiredOption('--reason <text>', 'why; kept in the event')
      .option('--actor <name>', 'who (else $USER)')
      .option('--expect-revision <n>', 'only if this still is the revision of the rollout', wholeNumber)
      .option('--json', 'as JSON');
  const simple = (verb: SimpleVerb, description: string) =>
    changing(`${verb} <rollout>`, description).action((rollout, _, command) =>
      change(verb, rollout, command.optsWithGlobals(), terminal),
    );
  simple('promote', 'go one stage on, whatever its guards say').option('--to-end', 'through all stages that are left');
  simple('pause', 'stop the way up: the weight stays, rollback guards stay armed');
  simple('resume', 'go on where it was paused; after a weight by hand, with the weight of the stage').option(
    '--keep-weight',
    'the weight that was set by hand is the weight of the stage from now on',
  );
  simple('approve', 'agree to leave a stage that waits for it');
  simple('abort', 'everybody to stable, at once and for good');
  changing('complete <rollout>', "say that Envoy's catch-all route delivers the new version")
    .option('--envoy <address>', "Envoy's admin page, for example 127.0.0.1:9901: it is asked where the route leads")
    .option('--cluster <name>', 'where it leads as a person saw it, if Envoy cannot be asked')
    .action(async (rollout, _, command) =>
      (await import('./complete.ts')).complete(rollout, command.optsWithGlobals(), terminal),
    );
  program
    .command('apply <file>')
    .description('make or change a rollout that is in no configuration: one entry of rollouts:, as YAML or JSON')
    .option('--dry-run', 'say what it would change, and change nothing')
    .option('--reason <text>', 'why; needed but for a dry run, kept in the event')
    .option('--actor <name>', 'who (else $USER)')
    .option('--expect-revision <n>', 'only if this still is its revision; 0: only if there is none yet', wholeNumber)
    .option('--json', 'as JSON')
    .action(async (file, _, command) => (await import('./apply.ts')).apply(file, command.optsWithGlobals(), terminal));
  changing('delete <rollout>', 'archive a rollout that apply made: nobody gets its canary, and it is gone').action(
    async (rollout, _, command) => (await import('./apply.ts')).remove(rollout, command.optsWithGlobals(), terminal),
  );
}
