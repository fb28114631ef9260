/** The form of who gets in by TCP: `admin` and `observe`. */
import { z } from 'zod';
import { ROLES } from '../access/roles.ts';
import { map } from './forms.ts';
import { absolutePath, listenAddress } from './values.ts';

const tls = map({
  certificate: absolutePath.describe('Absolute path of the certificate in PEM, with those that lead to its root.'),
  key: absolutePath.describe('Absolute path of its private key in PEM, without a passphrase.'),
  clientCa: absolutePath.optional().describe('Absolute path of the root of client certificates, in PEM.'),
});

const role = z.enum(ROLES, { error: ROLES.join(', ').replace(/, (\w+)$/, ' or $1') });

export const admin = map({
  listen: listenAddress.describe('Address with a port; beyond loopback only with tls and tokens.'),
  auth: z
    .enum(['tokens', 'none'], { error: 'tokens or none' })
    .prefault('tokens')
    .describe('none: whoever reaches the address is admin; only on loopback.'),
  tls: tls.optional().describe('Left out: in the clear.'),
  clients: z
    .record(z.string().min(1), role, { error: 'a map of names in certificates to roles' })
    .prefault({})
    .describe('Roles of client certificates by their common name or URI; they need no token.'),
});

export const observe = map({ tls: tls.describe('With clientCa only clients with such a certificate get in.') });
