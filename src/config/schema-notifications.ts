/** The form of who is told of events: `notifications`. */
import { z } from 'zod';
import type { EventWord } from '../notifications/spec.ts';
import { list, map, read } from './forms.ts';
import { absolutePath, name } from './values.ts';

const words = ['phase', 'guard', 'weight', 'all'] as const satisfies readonly (EventWord | 'all')[];
const maxUrlLength = 2_048;

const url = read(
  (value, refuse): string | undefined => {
    const expected = 'an https address without a user in it; http on loopback only';
    const hidden = { hidden: true };
    if (typeof value !== 'string' || value.length > maxUrlLength || !URL.canParse(value))
      return refuse(expected, hidden);
    const { protocol, username, password } = new URL(value);
    const isAllowed = protocol === 'https:' || (protocol === 'http:' && isLoopback(value));
    return isAllowed && username === '' && password === '' ? value : refuse(expected, hidden);
  },
  { type: 'string', pattern: '^https?://\\S+$' },
);

const variable = 'the name of an environment variable';
/** The secret itself, written here by mistake, may look like a name. */
const variableForm = /^(?!whsec_)[A-Za-z_]\w{0,127}$/;

export const notification = map({
  name: name.describe('Used once; what was told is remembered by it.'),
  url: url.describe('Where each event is posted as JSON; https, or http on loopback.'),
  secretFile: absolutePath
    .optional()
    .describe('Absolute path of a file with the secret that messages are signed with.'),
  secretEnv: z
    .string({ error: variable })
    .refine((value) => variableForm.test(value), { error: variable, params: { hidden: true } })
    .meta({ pattern: variableForm.source })
    .optional()
    .describe('Name of an environment variable with that secret.'),
  events: list(z.enum(words, { error: 'phase, guard, weight or all' }), 'phase, guard, weight or all')
    .min(1, 'at least one of phase, guard, weight, all')
    .prefault(['phase', 'guard'])
    .describe('Which events: changes of phase, of guards, of weight and spec.'),
  rollouts: list(name, 'rollout names').prefault([]).describe('Only of these rollouts; empty: of all.'),
})
  .refine((entry) => entry.secretFile === undefined || entry.secretEnv === undefined, 'either secretFile or secretEnv')
  .refine((entry) => entry.secretFile !== undefined || entry.secretEnv !== undefined || isLoopback(entry.url), {
    error: 'secretFile or secretEnv',
    params: { reason: 'without a signature nobody can tell our messages from forged ones' },
  });

export const notifications = list(notification, 'webhooks').max(16, 'at most 16 webhooks');

export type NotificationEntry = z.output<typeof notification>;

function isLoopback(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { hostname } = new URL(address);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
