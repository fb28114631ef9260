import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, startChild } from './child.ts';
import { envoyBinary } from './envoy-binary.ts';
import { until } from './until.ts';

const READY_MS = 30_000;

/** A running Envoy. It dies with this process. */
export type Envoy = Child & {
  readonly adminPort: number;
  /** The port a listener got. Throws on a name without a TCP port. */
  port(listener: string): number;
  /** Counters and gauges by full name; the filter is a regular expression on that name. */
  stats(filter?: string): Promise<Map<string, number>>;
  configDump(): Promise<unknown>;
};

type Options = {
  readonly configYaml: string;
  /** One of the pinned versions; default: as envoyBinary. */
  readonly version?: string | undefined;
  /** Worker threads. */
  readonly concurrency?: number;
  readonly logLevel?: 'trace' | 'debug' | 'info' | 'warning' | 'error' | 'critical' | 'off';
  readonly args?: readonly string[];
};

/**
 * Starts Envoy and resolves when it is live. The configuration should bind port 0: the ports it got are in the result.
 * Rejects with the end of Envoy's own log when it ends, or is not live within 30 s.
 */
export async function startEnvoy(options: Options): Promise<Envoy> {
  const { configYaml, concurrency = 2, logLevel = 'warning', args = [] } = options;
  const binary = await envoyBinary({ version: options.version });
  const folder = await mkdtemp(join(tmpdir(), 'understudy-envoy-'));
  const config = join(folder, 'envoy.yaml');
  const adminAddress = join(folder, 'admin');
  await writeFile(config, configYaml);

  // Without hot restart any number of them run side by side.
  const own = ['--disable-hot-restart', '--concurrency', `${concurrency}`, '--log-level', logLevel];
  const child = await startChild(binary, ['-c', config, '--admin-address-path', adminAddress, ...own, ...args]);
  const stop = async () => {
    await child.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const ready = async () => (child.running() ? liveAdminPort(adminAddress) : 'ended');
    const adminPort = await until(ready, { what: 'Envoy is live', timeoutMs: READY_MS });
    if (adminPort === 'ended') throw new Error('Envoy ended');
    const admin = async (path: string) => (await fetch(`http://127.0.0.1:${adminPort}${path}`)).json();
    const ports = listenerPorts((await admin('/listeners?format=json')) as ListenerStatuses);
    return {
      ...child,
      adminPort,
      port(listener) {
        const port = ports.get(listener);
        if (port === undefined) throw new Error(`Envoy has no TCP listener ${listener}: ${[...ports.keys()]}`);
        return port;
      },
      async stats(filter = '') {
        const answer = (await admin(`/stats?format=json&filter=${encodeURIComponent(filter)}`)) as Stats;
        return new Map(answer.stats.flatMap(({ name, value }) => (typeof value === 'number' ? [[name, value]] : [])));
      },
      configDump: () => admin('/config_dump'),
      stop,
    };
  } catch (cause) {
    await stop();
    throw new Error(`${(cause as Error).message}\n${child.log()}`, { cause });
  }
}

async function liveAdminPort(addressFile: string): Promise<number | undefined> {
  const port = Number((await readFile(addressFile, 'utf8')).split(':').at(-1));
  const ready = await fetch(`http://127.0.0.1:${port}/ready`);
  return (await ready.text()).trim() === 'LIVE' ? port : undefined;
}

type Stats = { stats: { name: string; value: unknown }[] };
type ListenerStatuses = {
  listener_statuses: { name: string; local_address: { socket_address?: { port_value: number } } }[];
};

function listenerPorts({ listener_statuses }: ListenerStatuses): Map<string, number> {
  return new Map(
    listener_statuses.flatMap(({ name, local_address: { socket_address } }) =>
      socket_address === undefined ? [] : [[name, socket_address.port_value]],
    ),
  );
}
