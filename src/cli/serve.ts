import { resolve } from 'node:path';
import type { App } from '../app.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/parse.ts';
import { watchFile } from '../config/watch.ts';
import { configPath, type Settings } from './settings.ts';
import type { Terminal } from './terminal.ts';

const stopTimeoutMs = 10_000;

/** Starts everything a configuration asks for; `stop` ends it in order. */
export type StartApp = (
  config: Config,
  log: (line: string) => void,
  file: string,
) => Promise<Pick<App, 'stop' | 'reload'>>;

/**
 * Runs the sidecar until the terminal's signal aborts; takes the configuration again when its file changes and when the
 * terminal hangs up. Rejects when it cannot start, or not stop within 10 s.
 */
export async function serve(settings: Settings, terminal: Terminal, startApp: StartApp = startWhole): Promise<void> {
  const file = configPath(settings, terminal);
  // watched before it is read: no change falls in between
  let reload = () => {};
  const unwatch = watchFile(file, () => reload());
  try {
    // whole, as it is told to people elsewhere
    const starting = startApp(loadConfig(file), (line) => terminal.error(`${line}\n`), resolve(file));
    reload = () => starting.then((app) => app.reload(() => loadConfig(file)), ignore);
    terminal.onHangUp(() => reload());
    const app = await starting;
    await untilAborted(terminal.signal);
    await stopInTime(app);
  } finally {
    unwatch();
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

async function stopInTime(app: Pick<App, 'stop'>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not stopped within ${stopTimeoutMs} ms`)), stopTimeoutMs);
  });
  await Promise.race([app.stop(), late]).finally(() => clearTimeout(timer));
}

/** Loaded late: the other commands need nothing of the sidecar. */
async function startWhole(config: Config, log: (line: string) => void, file: string): Promise<App> {
  const { startApp } = await import('../app.ts');
  return startApp(config, log, file);
}

/** Whoever waits for the start is told why it failed. */
function ignore(): void {}
