import net from 'node:net';

/** How many answers had which status; 0 = the connection broke before one came. */
export type Statuses = Readonly<Record<number, number>>;

const HEAD_END = '\r\n\r\n';

/**
 * Sends `count` GET requests as fast as answers come, over `connections` kept connections: a client cheap enough to
 * saturate Envoy on two cores. `headers(n)` are those of the n-th request. Answers must carry `content-length`.
 */
export async function flood(options: {
  readonly port: number;
  readonly count: number;
  readonly connections: number;
  readonly headers: (n: number) => string;
}): Promise<Statuses> {
  const { port, count, connections, headers } = options;
  const statuses: Record<number, number> = {};
  let sent = 0;
  const tally = (status: number) => {
    statuses[status] = (statuses[status] ?? 0) + 1;
  };
  /** One connection's requests, one after the other; ends when all are sent or the connection breaks. */
  const lane = () =>
    new Promise<void>((resolve) => {
      const socket = net.connect(port, '127.0.0.1');
      let text = '';
      let open = false;
      const next = () => {
        open = sent < count;
        if (open) socket.write(`GET / HTTP/1.1\r\nhost: test\r\n${headers(sent++)}\r\n`);
        else socket.end();
      };
      socket.setNoDelay(true).setEncoding('latin1');
      socket.on('connect', next);
      socket.on('data', (chunk: string) => {
        text += chunk;
        const head = text.indexOf(HEAD_END);
        if (head === -1) return;
        const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1]);
        if (text.length < head + HEAD_END.length + length) return;
        tally(Number(text.slice(9, 12)));
        text = '';
        next();
      });
      socket.on('error', () => {});
      socket.on('close', () => {
        if (open) tally(0);
        resolve();
      });
    });
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (sent < count) await lane();
    }),
  );
  return statuses;
}
