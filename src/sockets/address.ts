/** Where a socket is. The one place that tells a path from a port. */
export type SocketAddress = { readonly path: string } | { readonly host: string; readonly port: number };

/**
 * Reads an absolute path, or `host:port` with brackets around IPv6. `localhost` is 127.0.0.1, so that it means the same
 * whatever a machine's resolver says first. Throws when it is neither.
 */
export function socketAddressOf(text: string): SocketAddress {
  if (text.startsWith('/')) return { path: text };
  const [, v6, name, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text) ?? [];
  const host = v6 ?? name;
  if (host === undefined) throw new Error(`expected an absolute path or host:port, found ${JSON.stringify(text)}`);
  return { host: host === 'localhost' ? '127.0.0.1' : host, port: Number(port) };
}
