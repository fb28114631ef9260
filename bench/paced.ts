import { type Lane, openLane } from '../rig/lane.ts';

const TICK_MS = 1;

export interface PacedAnswer {
  /** From the moment it was written, ms. */
  readonly ms: number;
  /** Of `performance.now()`. */
  readonly answeredAtMs: number;
  /** 0 = the connection broke. */
  readonly status: number;
  readonly version: string;
}

/** `sentAtMs` is of the request on its way, of `performance.now()`. */
type PacedLane = Lane & { sentAtMs: number };

/**
 * Sends `perSecond` GET requests a second for `seconds`, whether or not answers come, each on a connection that has
 * nothing else to do. Answers must carry `content-length`.
 */
export async function paced(options: {
  readonly port: number;
  readonly perSecond: number;
  readonly seconds: number;
  readonly headers: (n: number) => string;
  readonly onAnswer?: (answer: PacedAnswer) => void;
}): Promise<PacedAnswer[]> {
  const { port, perSecond, seconds, headers, onAnswer } = options;
  const answers: PacedAnswer[] = [];
  const idle: PacedLane[] = [];
  const lanes: PacedLane[] = [];
  const total = Math.round(perSecond * seconds);
  const startMs = performance.now();
  await new Promise<void>((resolve) => {
    let sent = 0;
    const send = (n: number) => {
      const lane = idle.pop() ?? open();
      lane.sentAtMs = performance.now();
      lane.send(headers(n));
    };
    const open = (): PacedLane => {
      const opened: PacedLane = {
        sentAtMs: 0,
        ...openLane(port, ({ status, head }) => {
          // one that broke answers nothing any more
          if (status !== 0) idle.push(opened);
          const answeredAtMs = performance.now();
          const version = /\r\nx-model-version: (\S+)/i.exec(head)?.[1] ?? '';
          const answer = { ms: answeredAtMs - opened.sentAtMs, answeredAtMs, status, version };
          answers.push(answer);
          onAnswer?.(answer);
          if (answers.length === total) resolve();
        }),
      };
      lanes.push(opened);
      return opened;
    };
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - startMs) / 1_000) * perSecond));
      for (; sent < due; sent++) send(sent);
      if (sent === total) clearInterval(timer);
    }, TICK_MS);
  });
  for (const lane of lanes) lane.close();
  return answers;
}
