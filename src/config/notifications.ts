import type { WebhookSpec } from '../notifications/spec.ts';
import type { ConfigFile } from './schema.ts';
import type { NotificationEntry } from './schema-notifications.ts';
import type { Warning } from './warning.ts';

export function toWebhook({ events, secretFile, secretEnv, ...webhook }: NotificationEntry): WebhookSpec {
  const words = new Set(events.flatMap((word) => (word === 'all' ? (['phase', 'guard', 'weight'] as const) : [word])));
  return { ...webhook, words: [...words], secret: secretOf(secretFile, secretEnv) };
}

function secretOf(file: string | undefined, env: string | undefined): WebhookSpec['secret'] {
  if (file !== undefined) return { file };
  return env === undefined ? undefined : { env };
}

/** A rollout may also be made through the admin API, so a name that the file does not have is no mistake. */
export function notificationWarnings({ notifications, rollouts }: ConfigFile): Warning[] {
  const known = new Set(rollouts.map(({ name }) => name));
  return notifications.flatMap((webhook, i) =>
    webhook.rollouts.flatMap((name, n): Warning[] => {
      if (known.has(name)) return [];
      const message = `no rollout of this file is called ${JSON.stringify(name)}`;
      return [{ path: ['notifications', i, 'rollouts', n], message }];
    }),
  );
}
