import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { startChild } from './child.ts';
import { freePort } from './free-port.ts';
import { isExecutable, onPath } from './on-path.ts';
import { until } from './until.ts';

const READY_MS = 60_000;

/** A running Jaeger 2 with its storage in memory, on loopback. It dies with this process. */
export type Jaeger = {
  readonly otlpGrpcPort: number;
  readonly otlpHttpPort: number;
  readonly queryPort: number;
  /** GET of a path of the query API, for example `/api/traces/<id>`: the parsed answer. Rejects unless it is 2xx. */
  query(path: string): Promise<unknown>;
  stop(): Promise<void>;
};

/** `$JAEGER_BIN`, else `jaeger` on PATH, else undefined. Throws when the variable names no executable file. */
export function jaegerBinary(env = process.env): string | undefined {
  const named = env.JAEGER_BIN;
  if (!named) return onPath('jaeger', env.PATH);
  if (isExecutable(named)) return named;
  throw new Error(`JAEGER_BIN is ${named}, which is not an executable file`);
}

/** Starts Jaeger and resolves when it takes spans and questions. Rejects with its log if that is not so within 60 s. */
export async function startJaeger(binary: string): Promise<Jaeger> {
  const [otlpGrpcPort, otlpHttpPort, queryPort, queryGrpcPort] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ]);
  const folder = await mkdtemp(join(tmpdir(), 'understudy-jaeger-'));
  const config = join(folder, 'jaeger.yaml');
  await writeFile(config, configuration({ otlpGrpcPort, otlpHttpPort, queryPort, queryGrpcPort }));
  const child = await startChild(binary, ['--config', config]);
  const stop = async () => {
    // Asked kindly it takes more than 5 s to go, and has nothing to save.
    child.signal('SIGKILL');
    await child.exited;
    await rm(folder, { recursive: true, force: true });
  };
  const query = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${queryPort}${path}`);
    if (!answer.ok) throw new Error(`Jaeger answered ${answer.status} to ${path}`);
    return answer.json();
  };
  try {
    const ready = () => !child.running() || query('/api/services');
    await until(ready, { what: 'Jaeger answers', timeoutMs: READY_MS });
    if (!child.running()) throw new Error('Jaeger ended');
  } catch (cause) {
    await stop();
    throw new Error(`${(cause as Error).message}\n${child.log()}`, { cause });
  }
  return { otlpGrpcPort, otlpHttpPort, queryPort, query, stop };
}

type Ports = { otlpGrpcPort: number; otlpHttpPort: number; queryPort: number; queryGrpcPort: number };

function configuration({ otlpGrpcPort, otlpHttpPort, queryPort, queryGrpcPort }: Ports): string {
  const at = (port: number) => ({ endpoint: `127.0.0.1:${port}` });
  return stringify({
    receivers: { otlp: { protocols: { grpc: at(otlpGrpcPort), http: at(otlpHttpPort) } } },
    exporters: { jaeger_storage_exporter: { trace_storage: 'memory' } },
    extensions: {
      jaeger_storage: { backends: { memory: { memory: { max_traces: 100_000 } } } },
      jaeger_query: { storage: { traces: 'memory' }, http: at(queryPort), grpc: at(queryGrpcPort) },
    },
    service: {
      extensions: ['jaeger_storage', 'jaeger_query'],
      pipelines: { traces: { receivers: ['otlp'], exporters: ['jaeger_storage_exporter'] } },
      // Its own metrics would take a fixed port.
      telemetry: { metrics: { level: 'none' }, logs: { level: 'warn' } },
    },
  });
}
