import type { ThreadState } from '../admin/observations.ts';
import type { Publisher } from '../rollout/publisher.ts';
import type { Snapshot } from '../routing/snapshot.ts';

/** A thread that can be given a snapshot and says how far it is. */
export interface Subscriber {
  readonly state: ThreadState;
  use(snapshot: Snapshot): void;
}

/**
 * Publishes to every subscriber and waits for the decide threads: those that are stopped hold no snapshot and get the
 * newest when they start. `changed` must be called whenever a subscriber's state changed.
 */
export function createPublisher(subscribers: () => readonly Subscriber[]): Publisher & { changed(): void } {
  const waiters = new Set<() => void>();
  const unconfirmed = (wanted: number) =>
    subscribers()
      .map(({ state }) => state)
      .filter(({ name, state }) => name.startsWith('decide') && state !== 'stopped')
      .filter(({ revision }) => revision < wanted)
      .map(({ name }) => name);
  return {
    unconfirmed,
    changed: () => {
      for (const check of waiters) check();
    },
    publish(snapshot, timeoutMs) {
      for (const subscriber of subscribers()) subscriber.use(snapshot);
      return new Promise((resolve) => {
        const settle = () => {
          clearTimeout(timer);
          waiters.delete(check);
          resolve(unconfirmed(snapshot.revision));
        };
        const check = () => {
          if (unconfirmed(snapshot.revision).length === 0) settle();
        };
        const timer = setTimeout(settle, timeoutMs);
        waiters.add(check);
        check();
      });
    },
  };
}
