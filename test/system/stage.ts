/** The whole circle for a test: three models, Understudy in its own process, a real Envoy with the shipped file. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import { parse, stringify } from 'yaml';
import { type Envoy, startEnvoy } from '../../rig/envoy.ts';
import { localizeEnvoyConfig } from '../../rig/localize.ts';
import { type Sidecar, sidecarPaths, startSidecar } from '../../rig/sidecar.ts';
import { until } from '../../rig/until.ts';
import type { Pair, Rollout, SetWeightResponse } from '../../src/gen/understudy/admin/v1/admin.ts';
import { TestModel } from './test-model.ts';

const envoyFolder = resolve(import.meta.dirname, '../../envoy');

export const ROLLOUT = {
  name: 'flight-delay',
  stable: { cluster: 'flight-delay-v1', version: '1.0.0' },
  canary: { cluster: 'flight-delay-v2', version: '2.0.0' },
  shadows: [
    { name: 'candidate', cluster: 'flight-delay-v2-shadow', version: '2.0.0' },
    { name: 'next', cluster: 'flight-delay-v3-shadow', version: '3.0.0' },
  ],
  unit: [{ header: 'x-user-id' }],
  segments: { state: { header: 'x-geo-state' } },
  rules: [
    { when: { header: { 'x-canary': 'always' } }, arm: 'canary' },
    { when: { header: { 'x-canary': 'never' } }, arm: 'stable' },
    { when: { segment: { state: ['NZ'] } }, weight: '100%' },
  ],
  capture: { response: '64KiB' },
};

export interface StageOptions {
  readonly rollout?: Partial<
    Record<keyof typeof ROLLOUT | 'initialWeight' | 'prediction' | 'stages' | 'guards' | 'plan' | 'mirrorBack', unknown>
  >;
  /** Endpoints other than the three models', by `host:port` of the shipped file. */
  readonly endpoints?: Record<string, { address: string; port: number }>;
  /**
   * Keep the shipped 50 ms for a decision, as tests of a frozen or dead Understudy want. Else it is 5 s: on a busy machine
   * a decision is late now and then, the user gets stable, and a test that counts versions or pairs would count that.
   */
  readonly shippedTimeout?: boolean;
  /** Changes the parsed Envoy configuration beyond addresses; the test must say why. */
  // biome-ignore lint/suspicious/noExplicitAny: a tree of YAML
  readonly envoy?: (config: any) => void;
  /** Changes understudy.yaml beyond its rollout; the test must say why. */
  // biome-ignore lint/suspicious/noExplicitAny: a tree of YAML
  readonly understudy?: (config: any) => void;
  /** One of the pinned versions of Envoy; default: that of the run. */
  readonly envoyVersion?: string;
  readonly envoyArgs?: readonly string[];
  readonly otlpPort?: number;
  readonly env?: Record<string, string>;
}

export interface Answer {
  readonly status: number;
  readonly version: string;
  readonly body: string;
  readonly ms: number;
}

export class Stage {
  readonly folder: string;
  readonly models: Record<'v1' | 'v2' | 'v3', TestModel>;
  readonly configFile: string;
  envoy: Envoy;
  sidecar: Sidecar;
  readonly #env: Record<string, string>;
  readonly #anotherEnvoy: () => Promise<Envoy>;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

  private constructor(
    parts: Pick<Stage, 'folder' | 'models' | 'configFile' | 'envoy' | 'sidecar'>,
    env: Record<string, string>,
    anotherEnvoy: () => Promise<Envoy>,
  ) {
    this.folder = parts.folder;
    this.models = parts.models;
    this.configFile = parts.configFile;
    this.envoy = parts.envoy;
    this.sidecar = parts.sidecar;
    this.#env = env;
    this.#anotherEnvoy = anotherEnvoy;
  }

  static async start(options: StageOptions = {}): Promise<Stage> {
    const { rollout, endpoints = {}, envoy: change, envoyVersion, envoyArgs = [], otlpPort = 1, env = {} } = options;
    const folder = mkdtempSync(join(tmpdir(), 'understudy-stage-'));
    const [v1, v2, v3] = await Promise.all(['1.0.0', '2.0.0', '3.0.0'].map(TestModel.start));
    if (v1 === undefined || v2 === undefined || v3 === undefined) throw new Error('three models');
    const { sockets, store } = sidecarPaths(folder);
    const configFile = join(folder, 'understudy.yaml');
    const trustedHeaders = ['x-user-id', 'x-geo-state', 'x-canary'];
    const rollouts = [{ ...ROLLOUT, ...rollout }];
    const metrics = { listen: '127.0.0.1:0' };
    const understudy = { trustedHeaders, sockets: { ...sockets }, store, metrics, rollouts };
    options.understudy?.(understudy);
    writeFileSync(configFile, stringify(understudy));
    const sidecar = await startSidecar(configFile, sockets.admin, env);

    const config = parse(
      localizeEnvoyConfig(readFileSync(join(envoyFolder, 'envoy.yaml'), 'utf8'), {
        endpoints: {
          'model-v1:8080': v1.endpoint,
          'model-v2:8080': v2.endpoint,
          'model-v3:8080': v3.endpoint,
          'jaeger:4317': { address: '127.0.0.1', port: otlpPort },
          ...endpoints,
        },
        pipes: { '/run/understudy/decide.sock': sockets.decide, '/run/understudy/observe.sock': sockets.observe },
        files: { '/etc/envoy/capture.lua': join(envoyFolder, 'capture.lua') },
      }),
    );
    if (!options.shippedTimeout) decideFilterOf(config).message_timeout = '5s';
    change?.(config);
    const start = () => startEnvoy({ configYaml: stringify(config), version: envoyVersion, args: envoyArgs });
    const stage = new Stage({ folder, models: { v1, v2, v3 }, configFile, envoy: await start(), sidecar }, env, start);
    await stage.decides();
    return stage;
  }

  /** One more Envoy with the same file, asking the same Understudy; the caller stops it. */
  async anotherEnvoy(): Promise<Envoy> {
    const envoy = await this.#anotherEnvoy();
    await this.decides(envoy);
    return envoy;
  }

  /** Waits until Envoy's health check has found the decide socket serving. */
  async decides(envoy = this.envoy): Promise<void> {
    const healthy = async () =>
      (await envoy.stats('^cluster.understudy_decide.membership_healthy$')).values().next().value === 1;
    await until(healthy, { what: 'Envoy finds the decide socket healthy' });
  }

  /** One request through Envoy. Rejects when the connection fails. */
  request(
    headers: Record<string, string> = {},
    body?: string | Buffer,
    path = '/v2/models/flight-delay/infer',
    envoy = this.envoy,
  ): Promise<Answer> {
    const startMs = performance.now();
    const method = body === undefined ? 'GET' : 'POST';
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const options = { host: '127.0.0.1', port: envoy.port('edge'), path, method, agent: this.#agent };
    return new Promise((resolve, reject) => {
      const request = http.request({ ...options, headers: { ...length, ...headers } }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => {
          const version = String(response.headers['x-model-version'] ?? '');
          resolve({ status: response.statusCode ?? 0, version, body: text, ms: performance.now() - startMs });
        });
        response.on('error', reject);
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  setWeight(weightBp: number, reason = 'test'): Promise<SetWeightResponse> {
    const request = { rollout: 'flight-delay', weightBp, reason, actor: 'test', expectedRevision: undefined };
    return new Promise((resolve, reject) =>
      this.sidecar.admin.setWeight(request, (error, answer) => (error ? reject(error) : resolve(answer))),
    );
  }

  async rollout(): Promise<Rollout> {
    const [rollout] = (await this.sidecar.rollouts()).rollouts;
    if (rollout === undefined) throw new Error('no rollout');
    return rollout;
  }

  async counters(): Promise<Record<string, number>> {
    return (await this.sidecar.rollouts()).sidecar?.counters ?? {};
  }

  /** The newest pairs, at most `recent`. */
  pairs(recent = 1_000): Promise<Pair[]> {
    const filter = { rollout: '', shadow: '', onlyDifferent: false, recent, follow: false };
    const pairs: Pair[] = [];
    return new Promise((resolve, reject) => {
      this.sidecar.admin
        .watchPairs(filter)
        .on('data', (pair: Pair) => pairs.push(pair))
        .on('error', reject)
        .on('end', () => resolve(pairs));
    });
  }

  /** Waits until `count` pairs have been joined, then gives them back. */
  async waitForPairs(count: number): Promise<Pair[]> {
    const enough = async () => {
      const pairs = await this.pairs();
      return pairs.length >= count ? pairs : undefined;
    };
    return until(enough, { what: `${count} pairs` });
  }

  /** Of the running sidecar's /metrics, /healthz and /readyz, without a path. */
  metricsUrl(): string {
    const [, url] = /^metrics at (\S+)\/metrics$/m.exec(this.sidecar.log()) ?? [];
    if (url === undefined) throw new Error('Understudy did not say where its metrics are');
    return url;
  }

  /** Starts Understudy again with the same files. */
  async restartSidecar(): Promise<void> {
    this.sidecar = await startSidecar(this.configFile, sidecarPaths(this.folder).sockets.admin, this.#env);
  }

  /** Ends all and asserts that Envoy counted nothing we said as wrong. */
  async stop(): Promise<void> {
    const faults = await this.envoy.stats('(spurious_msgs_received|rejected_header_mutations|lua.errors)$');
    // Envoy first: Understudy waits for one that is there to notice
    await this.envoy.stop();
    await this.sidecar.stop();
    await Promise.all(Object.values(this.models).map((model) => model.stop()));
    this.#agent.destroy();
    rmSync(this.folder, { recursive: true, force: true });
    expect(Object.fromEntries(faults)).toEqual({
      'http.edge.ext_proc.decide.rejected_header_mutations': 0,
      'http.edge.ext_proc.decide.spurious_msgs_received': 0,
      'http.edge.lua.errors': 0,
      'http.understudy_loop.lua.errors': 0,
    });
  }
}

/** The ext_proc filter of a parsed envoy.yaml. */
// biome-ignore lint/suspicious/noExplicitAny: a tree of YAML
export function decideFilterOf(config: any): any {
  const [edge] = config.static_resources.listeners;
  return edge.filter_chains[0].filters[0].typed_config.http_filters[0].typed_config;
}
