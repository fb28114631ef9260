import { type Lane, openLane } from '../rig/lane.ts';

const TICK_MS = 1;

export interface PacedAnswer {
  /** Which request, from 0. */
  readonly n: number;
  /** From the moment it was written, ms. */
  readonly ms: number;
  /** Of `performance.now()`. */
  readonly answeredAtMs: number;
  /** 0 = the connection broke. */
  readonly status: number;
  readonly version: string;
}

/** `sentAtMs` (of `performance.now()`) and `n` are of the request on its way. */
type PacedLane = Lane & { sentAtMs: number; n: number };

/**
 * Sends `perSecond` GET requests a second for `seconds`, whether or not answers come, each on a connection that has
 * nothing else to do, or until `isOver`. Answers must carry `content-length`.
 */
export async function paced(options: {
  readonly port: number;
  readonly perSecond: number;
  readonly seconds: number;
  readonly headers: (n: number) => string;
  readonly onAnswer?: (answer: PacedAnswer) => void;
  readonly isOver?: () => boolean;
}): Promise<PacedAnswer[]> {
  const { port, perSecond, seconds, headers, onAnswer, isOver = () => false } = options;
  const answers: PacedAnswer[] = [];
  const idle: PacedLane[] = [];
  const lanes: PacedLane[] = [];
  let total = Math.round(perSecond * seconds);
  const startMs = performance.now();
  await new Promise<void>((resolve) => {
    let sent = 0;
    const send = (n: number) => {
      const lane = idle.pop() ?? open();
      lane.sentAtMs = performance.now();
      lane.n = n;
      lane.send(headers(n));
    };
    const open = (): PacedLane => {
      const opened: PacedLane = {
        sentAtMs: 0,
        n: 0,
        ...openLane(port, ({ status, head }) => {
          // one that broke answers nothing any more
          if (status !== 0) idle.push(opened);
          const answeredAtMs = performance.now();
          const version = /\r\nx-model-version: (\S+)/i.exec(head)?.[1] ?? '';
          const answer = { n: opened.n, ms: answeredAtMs - opened.sentAtMs, answeredAtMs, status, version };
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
      if (isOver()) total = sent;
      if (sent < total) return;
      clearInterval(timer);
      if (answers.length === total) resolve();
    }, TICK_MS);
  });
  for (const lane of lanes) lane.close();
  return answers;
}
