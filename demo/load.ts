import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type DemoRequest, flightRequests } from './requests.ts';

export type Answer = {
  readonly user: string;
  readonly state: string;
  /** The answer's `x-model-version`; undefined if no model answered. */
  readonly version: string | undefined;
  /** 0: no answer came. */
  readonly status: number;
  /** To the last byte, or until it was given up. */
  readonly latencyMs: number;
};

export type LoadCounts = {
  readonly sent: number;
  /** Answers with status 2xx; `failed` are all others and requests without any answer. */
  readonly ok: number;
  readonly failed: number;
  /** Requests that were due while `maxInFlight` others were still open, and so never sent. */
  readonly skipped: number;
  readonly byVersion: Readonly<Record<string, number>>;
};

export type Load = {
  counts(): LoadCounts;
  /** Quantile (0..1) of the last 10,000 answers' latency in milliseconds, to the last byte; NaN before the first. */
  quantile(q: number): number;
  /** Resolves when all that is open now is answered or has failed. */
  settled(): Promise<void>;
  /** Sends no more; resolves when the last open request is answered or has failed. */
  stop(): Promise<void>;
};

const tickMs = 5;
/** Envoy gives up after 10 s, and says so. */
const answerTimeoutMs = 12_000;
const keptLatencies = 10_000;

/**
 * Sends the demo's requests at a steady rate whether or not answers come (open loop), over kept connections.
 * Never throws for a missing or failing target: that is counted.
 */
export function startLoad(options: {
  host: string;
  port: number;
  ratePerSecond: number;
  maxInFlight: number;
  onAnswer?: (answer: Answer) => void;
}): Load {
  const { host, port, ratePerSecond, maxInFlight, onAnswer } = options;
  const agent = new Agent({ keepAlive: true });
  const requests = flightRequests();
  const counts = { sent: 0, ok: 0, failed: 0, skipped: 0 };
  const byVersion = new Map<string, number>();
  const latencies: number[] = [];
  let answers = 0;
  const open = new Set<Promise<void>>();
  const startedAt = performance.now();

  const ask = async (asked: DemoRequest): Promise<void> => {
    counts.sent++;
    const sentAt = performance.now();
    const answer = await exchange(agent, host, port, asked).catch(() => undefined);
    counts[answer && answer.status >= 200 && answer.status < 300 ? 'ok' : 'failed']++;
    const who = { user: asked.headers['x-user-id'], state: asked.headers['x-geo-state'] };
    if (!answer) {
      onAnswer?.({ ...who, version: undefined, status: 0, latencyMs: performance.now() - sentAt });
      return;
    }
    if (answer.version !== undefined) byVersion.set(answer.version, (byVersion.get(answer.version) ?? 0) + 1);
    latencies[answers++ % keptLatencies] = answer.latencyMs;
    onAnswer?.({ ...who, ...answer });
  };
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) * ratePerSecond) / 1000);
    while (counts.sent + counts.skipped < due) {
      if (open.size >= maxInFlight) {
        counts.skipped = due - counts.sent;
        return;
      }
      const asking: Promise<void> = ask(requests.next().value).finally(() => open.delete(asking));
      open.add(asking);
    }
  }, tickMs);

  return {
    counts: () => ({ ...counts, byVersion: Object.fromEntries([...byVersion].sort()) }),
    quantile(q) {
      const sorted = latencies.toSorted((a, b) => a - b);
      return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
    },
    settled: async () => void (await Promise.all(open)),
    async stop() {
      clearInterval(timer);
      await Promise.all(open);
      agent.destroy();
    },
  };
}

function exchange(agent: Agent, host: string, port: number, { method, path, headers, body }: DemoRequest) {
  const sentAt = performance.now();
  return new Promise<Pick<Answer, 'status' | 'version' | 'latencyMs'>>((resolve, reject) => {
    const signal = AbortSignal.timeout(answerTimeoutMs);
    const withLength = { ...headers, 'content-length': Buffer.byteLength(body) };
    const outgoing = request({ agent, host, port, method, path, headers: withLength, signal }, (response) => {
      const version = response.headers['x-model-version'];
      response.on('error', reject).resume();
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          version: typeof version === 'string' ? version : undefined,
          latencyMs: performance.now() - sentAt,
        }),
      );
    });
    outgoing.on('error', reject).end(body);
  });
}

function describe(load: Load): string {
  const { byVersion, ...counts } = load.counts();
  const numbers = Object.entries({ ...counts, ...byVersion }).map(([name, count]) => `${name} ${count}`);
  const latencies = [0.5, 0.99].map((q) => `p${q * 100} ${load.quantile(q).toFixed(1)} ms`);
  return [...numbers, ...latencies].join('  ');
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      target: { type: 'string', default: 'http://127.0.0.1:10000' },
      rate: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '60' },
      'max-in-flight': { type: 'string', default: '256' },
    },
  });
  const { hostname: host, port } = new URL(values.target);
  const load = startLoad({
    host,
    port: Number(port || 80),
    ratePerSecond: Number(values.rate),
    maxInFlight: Number(values['max-in-flight']),
  });
  const seconds = Number(values.seconds) || Number.POSITIVE_INFINITY;
  const interrupted = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => interrupted.abort());
  for (let second = 1; second <= seconds && !interrupted.signal.aborted; second++) {
    await delay(1000, undefined, { signal: interrupted.signal }).catch(() => {});
    console.log(`${second} s  ${describe(load)}`);
  }
  await load.stop();
  console.log(`all  ${describe(load)}`);
}
