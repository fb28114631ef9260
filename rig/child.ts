import { spawn } from 'node:child_process';

const TAIL = 64 * 1024;
const GRACE_MS = 5_000;

/** How a program ended: its exit code, or the signal that ended it. */
export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** A program that runs no longer than we do. */
export type Child = {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  running(): boolean;
  /** The last 64 Ki characters of what it printed. */
  log(): string;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, after 5 s SIGKILL; a frozen program is woken first. Resolves when it has gone; may be called again. */
  stop(): Promise<void>;
};

/**
 * Starts a program that dies with this process, however this process ends; `env` is added to ours. Rejects when it
 * cannot be started.
 */
export async function startChild(
  binary: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Child> {
  // detached: a terminal's Ctrl-C is for us, and we end the programs in their order
  const child = spawn(binary, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    detached: true,
  });
  let tail = '';
  const keep = (text: string) => {
    tail = (tail + text).slice(-TAIL);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const exited = new Promise<Exit>((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));

  const pid = child.pid;
  if (pid === undefined) throw new Error(`${binary} has no process id`);
  const release = killWhenWeDie(pid);
  void exited.then(release);
  return {
    pid,
    exited,
    running: () => child.exitCode === null && child.signalCode === null,
    log: () => tail,
    signal: (signal) => {
      child.kill(signal);
    },
    async stop() {
      child.kill('SIGTERM');
      child.kill('SIGCONT');
      const late = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
      await exited;
      clearTimeout(late);
    },
  };
}

/**
 * A shell waits for the end of a pipe that only we hold open. No handler of ours runs after a SIGKILL, and a test
 * runner may end its workers that way; the end of the pipe always comes.
 */
function killWhenWeDie(pid: number): () => void {
  const watch = spawn('sh', ['-c', `read line; kill -KILL ${pid} 2>/dev/null`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watch.unref();
  (watch.stdin as unknown as { unref(): void }).unref();
  return () => watch.kill('SIGKILL');
}
