import type { Config } from '../config/parse.ts';
import { readConfig, type Settings } from './settings.ts';
import type { Terminal } from './terminal.ts';

const stopTimeoutMs = 10_000;

/** Starts everything a configuration asks for; `stop` ends it in order. */
export type StartApp = (config: Config, log: (line: string) => void) => Promise<{ stop(): Promise<void> }>;

/** Runs the sidecar until the terminal's signal aborts. Rejects when it cannot start, or not stop within 10 s. */
export async function serve(settings: Settings, terminal: Terminal, startApp: StartApp = startWhole): Promise<void> {
  const app = await startApp(readConfig(settings, terminal), (line) => terminal.error(`${line}\n`));
  if (!terminal.signal.aborted) {
    await new Promise((resolve) => terminal.signal.addEventListener('abort', resolve, { once: true }));
  }
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not stopped within ${stopTimeoutMs} ms`)), stopTimeoutMs);
  });
  await Promise.race([app.stop(), late]).finally(() => clearTimeout(timer));
}

/** Loaded late: the other commands need nothing of the sidecar. */
async function startWhole(config: Config, log: (line: string) => void): Promise<{ stop(): Promise<void> }> {
  const { startApp } = await import('../app.ts');
  return startApp(config, log);
}
