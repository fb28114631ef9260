/** Tells webhooks what happened to rollouts, off everybody's path: whoever hangs or is down holds up nobody else. */
import { type Courier, type CourierParts, createCourier } from './courier.ts';
import type { Deliveries } from './deliveries.ts';
import type { WebhookSpec } from './spec.ts';

export interface Notifier {
  /** To be called each second, and when there may be new events. Returns at once, never throws. */
  tick(): void;
  /** One that is no longer there is forgotten: if it comes back, it begins with the next event. */
  use(webhooks: readonly WebhookSpec[]): void;
  /** Gives up requests in flight; they are told again after the next start. Never rejects. */
  stop(): Promise<void>;
}

export interface NotifierParts extends Omit<CourierParts, 'deliveries'> {
  readonly webhooks: readonly WebhookSpec[];
  readonly deliveries: Deliveries;
}

/** Throws what the store throws when it is read. */
export function createNotifier({ webhooks, deliveries, ...parts }: NotifierParts): Notifier {
  const couriers = new Map<string, Courier>();
  const told = new Map(deliveries.deliveries().map(({ webhook, event }) => [webhook, event]));

  const use = (wanted: readonly WebhookSpec[]) => {
    const names = new Set(wanted.map(({ name }) => name));
    for (const name of [...couriers.keys(), ...told.keys()]) if (!names.has(name)) forget(name);
    for (const spec of wanted) {
      const known = couriers.get(spec.name);
      if (known !== undefined) known.use(spec);
      else couriers.set(spec.name, createCourier(spec, told.get(spec.name), { ...parts, deliveries }));
    }
    tick();
  };
  const tick = () => {
    for (const courier of couriers.values()) courier.tick();
  };

  use(webhooks);
  return {
    tick,
    use,
    async stop() {
      await Promise.all([...couriers.values()].map((courier) => courier.stop()));
    },
  };

  function forget(name: string): void {
    void couriers.get(name)?.stop('forgotten');
    couriers.delete(name);
    told.delete(name);
    try {
      deliveries.forgetDelivery(name);
    } catch (error) {
      parts.log(`webhook ${name}: what it was told cannot be forgotten: ${(error as Error).message}`);
    }
  }
}
