import { constants } from 'node:os';

/** All a command knows of the process it runs in. */
export interface Terminal {
  /** For results; `text` ends with a newline. */
  out(text: string): void;
  /** For what went wrong. */
  error(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A person looks at it: colours, and a screen that can be cleared. */
  readonly interactive: boolean;
  /** Aborts when the person or the system asks the process to end. */
  readonly signal: AbortSignal;
  /** From now SIGHUP calls `listener` and no longer ends the process. */
  onHangUp(listener: () => void): void;
}

/** One JSON value on one line. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out(`${JSON.stringify(value)}\n`);
}

/** Of this process. A reader that has seen enough (`| head`) ends it quietly. */
export function processTerminal(): Terminal {
  const ending = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // asked twice: at once, as if there were no order to keep
      if (ending.signal.aborted) process.exit(128 + constants.signals[signal]);
      ending.abort();
    });
  }
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    out: (text) => process.stdout.write(text),
    error: (text) => process.stderr.write(text),
    env: process.env,
    interactive: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
    signal: ending.signal,
    onHangUp: (listener) => process.on('SIGHUP', listener),
  };
}
