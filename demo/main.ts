import { once } from 'node:events';
import { parseArgs } from 'node:util';
import type { Terminal } from '../src/cli/terminal.ts';
import { breakReleases } from './breaks.ts';
import { type Circle, startCircle } from './circle.ts';
import { startLoad } from './load.ts';
import { showWhereToLook } from './look.ts';
import { promote } from './promotion.ts';
import { count, demoTerminal } from './screen.ts';
import type { Asked, Seen } from './split.ts';
import { stopBadRelease } from './stop.ts';

const usage = `Usage: npm run demo -- [options]

A new version of a flight-delay model is promoted by evidence, the next is stopped by it, and three builds break on
stage and are rolled back. Nobody touches anything. Two to three minutes.

  --keep       stay after the last act, until Ctrl-C
  --rate N     requests a second, 100 to 1000 (default 200)
  --port N     Envoy's port for users (default: a free one)
  --help       this text

Envoy is $ENVOY_BIN, the one on PATH, or fetched once. Jaeger is $JAEGER_BIN or the one on PATH, if there is one.
`;

type Options = { keep: boolean; ratePerSecond: number; port: number | undefined };

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
  const { ratePerSecond, keep } = options;
  const answers: Seen[] = [];
  const asked: Asked[] = [];
  const target = { host: '127.0.0.1', port: circle.edgePort, ratePerSecond, maxInFlight: 256 };
  const load = startLoad({
    ...target,
    onAnswer({ user, version, status, latencyMs }) {
      const answeredMs = performance.now();
      const times = { sentMs: answeredMs - latencyMs, answeredMs };
      asked.push({ user, version, status, ...times });
      if (version !== undefined) answers.push({ user, version, ...times });
    },
  });
  stack.defer(() => load.stop());
  const problems = await promote(circle, load, answers, terminal);
  const { pair, problems: ofStop } = await stopBadRelease(circle, answers, terminal);
  problems.push(...ofStop);
  const { failed: failedBefore } = load.counts();
  if (failedBefore > 0) problems.push(`${failedBefore} requests of users failed before anything was broken`);
  problems.push(...(await breakReleases(circle, load, asked, terminal)));
  await load.stop();
  const { sent } = load.counts();

  // Without onAnswer: what stays for hours must not remember every answer.
  const further = keep ? startLoad(target) : undefined;
  stack.defer(() => further?.stop());
  await showWhereToLook(circle, pair, terminal, keep);
  if (problems.length > 0) terminal.out(`\nNot everything held:\n   ${problems.join('\n   ')}\n`);
  else
    terminal.out(
      `\nEverything held: of ${count(sent)} requests none failed but those that met a break, at 5 % of users.\n`,
    );
  if (keep && !terminal.signal.aborted) await once(terminal.signal, 'abort');
  return problems;
}

function scene({ edgePort }: Circle, { ratePerSecond }: Options): string {
  return [
    `   Will this flight be late? ${ratePerSecond} requests a second: real flights of March 2001, 2,000 invented users.`,
    '',
    `   users ──► Envoy 127.0.0.1:${edgePort} ──► v1      answers the user`,
    '               │                   └─► v2      gets a copy, answers nobody yet',
    '               └─ asks Understudy who answers and who gets a copy, and logs all answers to it\n',
  ].join('\n');
}

/** Throws a sentence about what is wrong. */
function readOptions(): Options & { help: boolean } {
  const { values } = parseArgs({
    options: {
      keep: { type: 'boolean', default: false },
      rate: { type: 'string', default: '200' },
      port: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return {
    help: values.help,
    keep: values.keep,
    ratePerSecond: numberIn('--rate', values.rate, 100, 1000),
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
