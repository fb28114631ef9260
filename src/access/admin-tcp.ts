import type { TlsFiles } from '../sockets/tls.ts';
import type { Role } from './roles.ts';

/** How the admin API is served by TCP. */
export interface AdminTcp {
  /** `host:port`; beyond loopback only with `tls` and `tokens`. */
  readonly listen: string;
  /** `none`: whoever gets there is admin. */
  readonly auth: 'tokens' | 'none';
  readonly tls: TlsFiles | undefined;
  /** Roles of client certificates, by common name or URI. */
  readonly clients: Readonly<Record<string, Role>>;
}
