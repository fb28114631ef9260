import net from 'node:net';

const HEAD_END = '\r\n\r\n';
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
  const idle: Lane[] = [];
  const lanes: Lane[] = [];
  const total = Math.round(perSecond * seconds);
  const startMs = performance.now();
  await new Promise<void>((resolve) => {
    let sent = 0;
    const take = (answer: PacedAnswer) => {
      answers.push(answer);
      onAnswer?.(answer);
      if (answers.length === total) resolve();
    };
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - startMs) / 1_000) * perSecond));
      for (; sent < due; sent++) {
        let lane = idle.pop();
        if (lane === undefined) {
          const opened: Lane = openLane(port, (answer) => {
            idle.push(opened);
            take(answer);
          });
          lane = opened;
          lanes.push(opened);
        }
        lane.send(headers(sent));
      }
      if (sent === total) clearInterval(timer);
    }, TICK_MS);
  });
  for (const lane of lanes) lane.close();
  return answers;
}

interface Lane {
  send(headers: string): void;
  close(): void;
}

function openLane(port: number, onAnswer: (answer: PacedAnswer) => void): Lane {
  const socket = net.connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
  let text = '';
  let sentAtMs: number | undefined;
  const end = (status: number, version: string) => {
    if (sentAtMs === undefined) return;
    const answeredAtMs = performance.now();
    const answer = { ms: answeredAtMs - sentAtMs, answeredAtMs, status, version };
    sentAtMs = undefined;
    text = '';
    onAnswer(answer);
  };
  socket.on('data', (chunk: string) => {
    text += chunk;
    const head = text.indexOf(HEAD_END);
    if (head === -1) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1]);
    if (text.length < head + HEAD_END.length + length) return;
    end(Number(text.slice(9, 12)), /\r\nx-model-version: (\S+)/i.exec(text)?.[1] ?? '');
  });
  socket.on('error', () => {});
  socket.on('close', () => end(0, ''));
  return {
    send(headers) {
      sentAtMs = performance.now();
      socket.write(`GET / HTTP/1.1\r\nhost: test\r\n${headers}\r\n`);
    },
    close: () => socket.destroy(),
  };
}
