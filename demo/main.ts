import { once } from 'node:events';
import { parseArgs } from 'node:util';
import type { Terminal } from '../src/cli/terminal.ts';
import { type Circle, startCircle } from './circle.ts';
import { startLoad } from './load.ts';
import { showWhereToLook } from './look.ts';
import { goOnStage, leaveStage } from './onstage.ts';
import { rehearse } from './rehearsal.ts';
import { count, demoTerminal } from './screen.ts';
import type { Seen } from './split.ts';

const usage = `Usage: npm run demo -- [options]

Rehearses two new versions of a flight-delay model beside the one in production, then lets one on stage.

  --keep       stay after the last act, until Ctrl-C
  --seconds N  how long the acts take together, 5 to 3600 (default 60); below 50 the first waits for its sums by state
  --rate N     requests a second, 10 to 1000 (default 200)
  --port N     Envoy's port for users (default: a free one)
  --help       this text

Envoy is $ENVOY_BIN, the one on PATH, or fetched once. Jaeger is $JAEGER_BIN or the one on PATH, if there is one.
`;

type Options = { keep: boolean; seconds: number; ratePerSecond: number; port: number | undefined };

/** Parts of the whole that each act takes. */
const acts = { rehearsal: 0.4, onStage: 0.5, back: 0.1 };
const exit = { held: 0, failed: 1, usage: 2, interrupted: 130 };

/** Starts everything, plays, stops everything; resolves with all that did not hold. */
async function stageAndPlay(options: Options, terminal: Terminal): Promise<string[]> {
  terminal.signal.addEventListener('abort', () => terminal.out('\nStopping ...\n'));
  await using stack = new AsyncDisposableStack();
  const circle = await startCircle(stack, terminal, options.port);
  terminal.out(`\n${scene(circle, options)}`);
  try {
    return await play(circle, stack, options, terminal);
  } catch (failure) {
    const gone = circle.gone();
    throw gone === undefined ? failure : new Error(`${gone} ended in the middle of the demo`, { cause: failure });
  }
}

async function play(
  circle: Circle,
  stack: AsyncDisposableStack,
  options: Options,
  terminal: Terminal,
): Promise<string[]> {
  const { seconds, ratePerSecond, keep } = options;
  const answers: Seen[] = [];
  const target = { host: '127.0.0.1', port: circle.edgePort, ratePerSecond, maxInFlight: 256 };
  const load = startLoad({
    ...target,
    onAnswer({ user, version, latencyMs }) {
      const answeredMs = performance.now();
      if (version !== undefined) answers.push({ user, version, sentMs: answeredMs - latencyMs, answeredMs });
    },
  });
  stack.defer(() => load.stop());
  const { pair, problems } = await rehearse(circle, load, terminal, seconds * acts.rehearsal);
  problems.push(...(await goOnStage(circle, answers, terminal, seconds * acts.onStage)));
  problems.push(...(await leaveStage(circle, answers, terminal, seconds * acts.back)));
  await load.stop();
  const { sent, failed } = load.counts();
  if (failed > 0) problems.push(`${failed} of ${count(sent)} requests of users failed`);

  // Without onAnswer: what stays for hours must not remember every answer.
  const further = keep ? startLoad(target) : undefined;
  stack.defer(() => further?.stop());
  await showWhereToLook(circle, pair, terminal, keep);
  if (problems.length > 0) terminal.out(`\nNot everything held:\n   ${problems.join('\n   ')}\n`);
  else
    terminal.out(
      `\nEverything held: ${count(sent)} requests and none failed, shadows paired, the split as its weight.\n`,
    );
  if (keep && !terminal.signal.aborted) await once(terminal.signal, 'abort');
  return problems;
}

function scene({ edgePort }: Circle, { ratePerSecond }: Options): string {
  return [
    `   Will this flight be late? ${ratePerSecond} requests a second: real flights of March 2001, 2,000 invented users.`,
    '',
    `   users ──► Envoy 127.0.0.1:${edgePort} ──► v1      answers the user`,
    '               │                   └─► v2, v3  get a copy, answer nobody',
    '               └─ asks Understudy who answers and who gets a copy, and logs all answers to it\n',
  ].join('\n');
}

/** Throws a sentence about what is wrong. */
function readOptions(): Options & { help: boolean } {
  const { values } = parseArgs({
    options: {
      keep: { type: 'boolean', default: false },
      seconds: { type: 'string', default: '60' },
      rate: { type: 'string', default: '200' },
      port: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return {
    help: values.help,
    keep: values.keep,
    seconds: numberIn('--seconds', values.seconds, 5, 3600),
    ratePerSecond: numberIn('--rate', values.rate, 10, 1000),
    port: values.port === undefined ? undefined : numberIn('--port', values.port, 1, 65_535),
  };
}

function numberIn(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new Error(`${option}: expected a whole number from ${least} to ${most}, found ${JSON.stringify(text)}`);
}

async function main(terminal: Terminal): Promise<number> {
  let options: ReturnType<typeof readOptions>;
  try {
    options = readOptions();
  } catch (wrong) {
    terminal.error(`demo: ${(wrong as Error).message}\n`);
    return exit.usage;
  }
  if (options.help) {
    terminal.out(usage);
    return exit.held;
  }
  try {
    return (await stageAndPlay(options, terminal)).length === 0 ? exit.held : exit.failed;
  } catch (failure) {
    // Ctrl-C reaches every process of the terminal: what fails after it fails because of it.
    if (terminal.signal.aborted) return exit.interrupted;
    terminal.error(`demo: ${(failure as Error).message}\n`);
    return exit.failed;
  }
}

process.exit(await main(demoTerminal()));
