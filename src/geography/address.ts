/** Addresses as geography reads them. Pure. */
import { BlockList, isIP, SocketAddress } from 'node:net';

/** What lies nowhere, whatever a database says: this host, private, carrier-grade NAT, loopback, link-local (RFC 6890). */
const NOWHERE = new BlockList();
NOWHERE.addSubnet('0.0.0.0', 8, 'ipv4');
NOWHERE.addSubnet('10.0.0.0', 8, 'ipv4');
NOWHERE.addSubnet('100.64.0.0', 10, 'ipv4');
NOWHERE.addSubnet('127.0.0.0', 8, 'ipv4');
NOWHERE.addSubnet('169.254.0.0', 16, 'ipv4');
NOWHERE.addSubnet('172.16.0.0', 12, 'ipv4');
NOWHERE.addSubnet('192.168.0.0', 16, 'ipv4');
// also ::1, and IPv4 written the old way
NOWHERE.addSubnet('::', 96, 'ipv6');
NOWHERE.addSubnet('fc00::', 7, 'ipv6');
NOWHERE.addSubnet('fe80::', 10, 'ipv6');

const MAPPED = '::ffff:';

export interface PublicAddress {
  /** In its shortest form; IPv4 inside IPv6 as IPv4. */
  readonly text: string;
  readonly version: 4 | 6;
}

/** undefined = no address, or one that lies nowhere. Never throws. */
export function publicAddress(address: string): PublicAddress | undefined {
  const version = isIP(address);
  // a zone says that it is link-local
  if (version === 0 || address.includes('%')) return undefined;
  const text = version === 4 ? address : new SocketAddress({ address, family: 'ipv6' }).address;
  if (text.startsWith(MAPPED) && text.includes('.')) return publicAddress(text.slice(MAPPED.length));
  return NOWHERE.check(text, version === 4 ? 'ipv4' : 'ipv6') ? undefined : { text, version: version === 4 ? 4 : 6 };
}
