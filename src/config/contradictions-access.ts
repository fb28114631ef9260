/** What would let somebody in whom nobody meant: `admin`, `observe`. Looks only at what is well-formed. */
import { isLoopback } from '../sockets/loopback.ts';
import type { Contradiction } from './contradiction.ts';
import type { ConfigFile } from './schema.ts';
import type { WellFormed } from './well-formed.ts';

export function findAccessContradictions(file: WellFormed<ConfigFile>): Contradiction[] {
  return [...ofObserve(file), ...ofAdmin(file)];
}

function ofObserve({ sockets, observe }: WellFormed<ConfigFile>): Contradiction[] {
  const address = sockets?.observe;
  if (address === undefined) return [];
  if (address.startsWith('/')) {
    return observe === undefined
      ? []
      : [{ path: ['observe'], expected: 'sockets.observe to be an address with a port for it' }];
  }
  if (isOfThisMachine(address) || observe?.tls?.clientCa !== undefined) return [];
  const reason = 'whoever writes log entries moves traffic, so they must show a certificate';
  return [
    { path: ['sockets', 'observe'], expected: 'a socket path, a loopback address, or observe.tls.clientCa', reason },
  ];
}

function ofAdmin({ admin }: WellFormed<ConfigFile>): Contradiction[] {
  if (admin === undefined) return [];
  const { listen, auth, tls, clients = {} } = admin;
  const reached = listen !== undefined && !isOfThisMachine(listen);
  const found: Contradiction[] = [];
  if (reached && tls === undefined)
    found.push({
      path: ['admin', 'listen'],
      expected: 'a loopback address, or admin.tls',
      reason: 'other machines reach it, and tokens would cross the network in the clear',
    });
  if (reached && auth === 'none')
    found.push({
      path: ['admin', 'auth'],
      expected: 'tokens, or a loopback address in admin.listen',
      reason: 'other machines reach it, and whoever does could move traffic',
    });
  if (Object.keys(clients).length === 0) return found;
  if (tls?.clientCa === undefined)
    found.push({
      path: ['admin', 'clients'],
      expected: 'admin.tls.clientCa for it',
      reason: 'without it no certificate is asked for',
    });
  if (auth === 'none')
    found.push({
      path: ['admin', 'clients'],
      expected: 'auth: tokens beside it',
      reason: 'with auth: none everybody is admin',
    });
  return found;
}

function isOfThisMachine(address: string): boolean {
  return isLoopback(address.replace(/:\d+$/, ''));
}
