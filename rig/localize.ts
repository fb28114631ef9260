import { parse, stringify } from 'yaml';

/** What stands where, on this machine, for everything that an Envoy file names. */
export type Replacements = {
  /** By `host:port` as in the file. */
  readonly endpoints: Readonly<Record<string, { readonly address: string; readonly port: number }>>;
  /** Socket paths by the path in the file. */
  readonly pipes: Readonly<Record<string, string>>;
  /** Paths of other files by the path in the file. */
  readonly files: Readonly<Record<string, string>>;
};

type Node = { [key: string]: unknown };

/**
 * The same Envoy configuration for this machine: listeners and admin on 127.0.0.1 port 0, endpoints, sockets and files
 * as told, and nothing else changed. Throws on a name in the file that `replacements` does not mention.
 */
export function localizeEnvoyConfig(yamlText: string, replacements: Replacements): string {
  const { endpoints, pipes, files } = replacements;

  function localized(value: unknown, key: string, inCluster: boolean): unknown {
    if (Array.isArray(value)) return value.map((item) => localized(item, key, inCluster));
    if (key === 'filename') return replacement(files, String(value));
    if (typeof value !== 'object' || value === null) return value;
    const node = value as Node;
    if (key === 'pipe') return { ...node, path: replacement(pipes, String(node.path)) };
    if (key === 'socket_address') {
      if (!inCluster) return { ...node, address: '127.0.0.1', port_value: 0 };
      const { address, port } = replacement(endpoints, `${node.address}:${node.port_value}`);
      return { ...node, address, port_value: port };
    }
    const entries = Object.entries(node).map(([name, child]) => {
      return [name, localized(child, name, inCluster || name === 'clusters')];
    });
    return Object.fromEntries(entries);
  }

  return stringify(localized(parse(yamlText), '', false));
}

function replacement<T>(map: Readonly<Record<string, T>>, name: string): T {
  const found = Object.hasOwn(map, name) ? map[name] : undefined;
  if (found === undefined) throw new Error(`the Envoy file names ${name}, and nothing was said to stand for it`);
  return found;
}
