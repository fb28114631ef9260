/** How far webhooks are in the events. */
import type { DatabaseSync } from 'node:sqlite';
import type { Deliveries } from '../notifications/deliveries.ts';

export function createDeliveries(database: DatabaseSync): Deliveries {
  const all = database.prepare('SELECT webhook, event FROM deliveries ORDER BY webhook');
  const put = database.prepare('INSERT OR REPLACE INTO deliveries (webhook, event) VALUES (?, ?)');
  const forget = database.prepare('DELETE FROM deliveries WHERE webhook = ?');
  return {
    deliveries: () => all.all().map(({ webhook, event }) => ({ webhook: String(webhook), event: Number(event) })),
    noteDelivery(webhook, event) {
      put.run(webhook, event);
    },
    forgetDelivery(webhook) {
      forget.run(webhook);
    },
  };
}
