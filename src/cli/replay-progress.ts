import type { Terminal } from './terminal.ts';

/** On a screen the bar moves; elsewhere a line now and then. */
const SCREEN_EVERY_MS = 200;
const LINE_EVERY_MS = 10_000;
const WIDTH = 30;

export interface Progress {
  /** `done`: requests sent and answered, of all runs. */
  show(done: number): void;
  end(): void;
}

/** Tells on standard error how far a replay is; `done`: by earlier runs. */
export function replayProgress(
  terminal: Terminal,
  { toSend, done: before }: { readonly toSend: number; readonly done: number },
  nowMs: () => number = () => performance.now(),
): Progress {
  const everyMs = terminal.interactive ? SCREEN_EVERY_MS : LINE_EVERY_MS;
  const startMs = nowMs();
  let shownMs = startMs;
  let newest = before;
  const line = () => {
    const seconds = Math.max((nowMs() - startMs) / 1_000, 1e-3);
    const share = toSend === 0 ? 1 : newest / toSend;
    const rate = (newest - before) / seconds;
    const text = `${newest} of ${toSend} (${Math.floor(share * 100)} %), ${rate.toFixed(1)} a second`;
    if (!terminal.interactive) return `${text}\n`;
    const full = Math.round(share * WIDTH);
    return `\r[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}] ${text}\x1b[K`;
  };
  return {
    show(done) {
      newest = done;
      if (nowMs() - shownMs < everyMs) return;
      shownMs = nowMs();
      terminal.error(line());
    },
    end() {
      terminal.error(terminal.interactive ? `${line()}\n` : line());
    },
  };
}
