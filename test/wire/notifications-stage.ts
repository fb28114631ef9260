/** A real receiver of webhooks, and a notifier on a real store with a clock that the test moves. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { createNotifier, type Notifier, type NotifierParts } from '../../src/notifications/notifier.ts';
import type { WebhookSpec } from '../../src/notifications/spec.ts';
import type { NewEvent } from '../../src/rollout/store.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { event } from '../unit/notifications/event.ts';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** Numbers of the events it was told, in their order. */
  numbers(): number[];
  /** How many requests it had open at once. */
  mostOpen(): number;
  reply: (response: ServerResponse, received: Received) => void;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  let open = 0;
  let most = 0;
  const receiver: Receiver = {
    url: '',
    received: [],
    numbers: () => receiver.received.map(({ body }) => JSON.parse(body).data.event),
    mostOpen: () => most,
    reply: (response) => response.writeHead(204).end(),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  const server = createServer(async (request, response) => {
    most = Math.max(most, ++open);
    response.on('close', () => open--);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const received = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() };
    receiver.received.push(received);
    receiver.reply(response, received);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => receiver.close());
  const { port } = server.address() as AddressInfo;
  return Object.assign(receiver, { url: `http://127.0.0.1:${port}/secret-path` });
}

export type TestStore = ReturnType<typeof openStore>;

export function openTestStore(path = ':memory:'): TestStore {
  const store = openStore(path);
  onTestFinished(() => {
    try {
      store.close();
    } catch {
      // the test has closed it
    }
  });
  return store;
}

export function add(store: TestStore, ...changes: Partial<NewEvent>[]): void {
  const events = changes.map((change) => {
    const { number: _, ...added } = event(change);
    return added;
  });
  store.note({ holds: [], events });
}

export interface Started {
  readonly notifier: Notifier;
  readonly clock: { nowMs: number; wallMs: number };
  readonly logged: string[];
  counted(name: string): number;
  /** Lets so much time pass, and tells what is due then. */
  pass(ms: number): void;
}

export function start(
  store: TestStore,
  webhooks: readonly WebhookSpec[],
  changes: Partial<Omit<NotifierParts, 'webhooks'>> = {},
): Started {
  const clock = { nowMs: 0, wallMs: 1_700_000_001_000 };
  const logged: string[] = [];
  const counts = new Map<string, number>();
  const notifier = createNotifier({
    webhooks,
    ...{ sidecar: 'abc', version: '0.0.0', events: store.events, deliveries: store },
    ...{ nowMs: () => clock.nowMs, wallMs: () => clock.wallMs, random: () => 1 },
    count: (name) => counts.set(name, (counts.get(name) ?? 0) + 1),
    log: (line) => logged.push(line),
    ...changes,
  });
  onTestFinished(() => notifier.stop());
  return {
    ...{ notifier, clock, logged },
    counted: (name) => counts.get(`notifications.${name}`) ?? 0,
    pass(ms) {
      clock.nowMs += ms;
      clock.wallMs += ms;
      notifier.tick();
    },
  };
}

export function webhook(url: string, changes: Partial<WebhookSpec> = {}): WebhookSpec {
  return { name: 'chat', url, secret: undefined, words: ['phase', 'guard'], rollouts: [], ...changes };
}
