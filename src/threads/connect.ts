import { MessageChannel } from 'node:worker_threads';
import type { PortUse } from './messages.ts';
import type { RoomWorker } from './worker.ts';

/** One end. */
export type Connectable = Pick<RoomWorker<never>, 'state' | 'usePort'>;

/** Gives two threads a channel to each other, past control; for each time one of them serves again. */
export function connect(one: Connectable, other: Connectable, use: PortUse = 'recording'): void {
  if (one.state.state !== 'serving' || other.state.state !== 'serving') return;
  const { port1, port2 } = new MessageChannel();
  one.usePort(port1, use);
  other.usePort(port2, use);
}
