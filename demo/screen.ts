import { setTimeout as delay } from 'node:timers/promises';
import { paint } from '../src/cli/table.ts';
import type { Terminal } from '../src/cli/terminal.ts';

const redrawEveryMs = 500;

/** Of this process. Ctrl-C, a closed window and a reader that has seen enough (`| head`) all abort its signal. */
export function demoTerminal(): Terminal {
  const ending = new AbortController();
  const end = () => ending.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', end);
  return {
    out: (text) => process.stdout.write(text),
    error: (text) => process.stderr.write(text),
    env: process.env,
    interactive: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
    signal: ending.signal,
    onHangUp: () => {},
  };
}

/** Opens an act: what the reader is going to see, and why. */
export function heading(terminal: Terminal, title: string, ...lines: string[]): void {
  terminal.out(`\n${paint(terminal, 'bold', title)}\n${lines.map((line) => `   ${line}\n`).join('')}\n`);
}

/** Where numbers change before the reader's eyes: each text takes the place of the one before, else follows it. */
export function liveBlock(terminal: Terminal): { show(text: string): void } {
  let lines = 0;
  return {
    show(text) {
      const back = terminal.interactive && lines > 0 ? `\x1b[${lines}F\x1b[J` : '';
      terminal.out(back + text);
      lines = text.split('\n').length - 1;
    },
  };
}

/**
 * Comes back at the end of `seconds` and regularly until then: often for a person, every `plainEveryMs` for a file.
 * Rejects when the terminal's signal aborts.
 */
export async function* beats(terminal: Terminal, seconds: number, plainEveryMs: number): AsyncGenerator<void> {
  const everyMs = terminal.interactive ? redrawEveryMs : plainEveryMs;
  const endMs = performance.now() + seconds * 1000;
  for (let leftMs = seconds * 1000; leftMs > 0; leftMs = endMs - performance.now()) {
    await delay(Math.min(everyMs, leftMs), undefined, { signal: terminal.signal });
    yield;
  }
}

/** `93.1 %`, or `-` of nothing. */
export function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`;
}

/** `12,345` */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}
