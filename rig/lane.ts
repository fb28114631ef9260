import net from 'node:net';

/** One kept connection with at most one GET on its way: a client cheap enough to saturate Envoy on two cores. */
export interface Lane {
  /** Sends one GET with these header lines, each with its line end. Only after the answer to the one before. */
  send(headers: string): void;
  close(): void;
}

export interface LaneAnswer {
  /** 0 = the connection broke before one came; the lane is then of no more use. */
  readonly status: number;
  /** Status line and headers; `` with status 0. */
  readonly head: string;
}

const HEAD_END = '\r\n\r\n';

/** Connects to `port` on loopback and calls `onAnswer` once for each `send`. Answers must carry `content-length`. */
export function openLane(port: number, onAnswer: (answer: LaneAnswer) => void): Lane {
  const socket = net.connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
  let text = '';
  let waiting = false;
  const answer = (status: number, head: string) => {
    if (!waiting) return;
    waiting = false;
    text = '';
    onAnswer({ status, head });
  };
  socket.on('data', (chunk: string) => {
    text += chunk;
    const head = text.indexOf(HEAD_END);
    if (head === -1) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1]);
    if (text.length < head + HEAD_END.length + length) return;
    answer(Number(text.slice(9, 12)), text.slice(0, head));
  });
  socket.on('error', () => {});
  socket.on('close', () => answer(0, ''));
  return {
    send(headers) {
      waiting = true;
      socket.write(`GET / HTTP/1.1\r\nhost: test\r\n${headers}\r\n`);
    },
    close: () => socket.destroy(),
  };
}
