import { openLane } from './lane.ts';

/** How many answers had which status; 0 = the connection broke before one came. */
export type Statuses = Readonly<Record<number, number>>;

/**
 * Sends `count` GET requests as fast as answers come, over `connections` kept connections. `headers(n)` are those of the
 * n-th request. Answers must carry `content-length`.
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
  /** One connection's requests, one after the other; ends when all are sent or the connection breaks. */
  const run = () =>
    new Promise<void>((resolve) => {
      const lane = openLane(port, ({ status }) => {
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (status === 0) resolve();
        else next();
      });
      const next = () => {
        if (sent < count) {
          lane.send(headers(sent++));
          return;
        }
        lane.close();
        resolve();
      };
      next();
    });
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (sent < count) await run();
    }),
  );
  return statuses;
}
