/** The observe room in this thread, recording in another, fed with encoded log messages. */
import { MessageChannel, Worker } from 'node:worker_threads';
import { ProxyTracerProvider } from '@opentelemetry/api';
import { createObserveRoom } from '../src/accesslog/observe-room.ts';
import { StreamAccessLogsMessage } from '../src/gen/envoy/service/accesslog/v3/als.ts';
import type { PredictionSpec } from '../src/prediction/spec.ts';
import type { RolloutSnapshot, Snapshot } from '../src/routing/snapshot.ts';
import type { FromThread, RecordStart } from '../src/threads/messages.ts';
import { type LogMessages, RELEASE, ROLLOUT } from './log-messages.ts';

const prediction: PredictionSpec = {
  preset: 'json',
  batch: { at: undefined, key: undefined },
  fields: [
    { name: 'score', source: { at: '/score' }, compare: { kind: 'number', abs: 0.001, rel: 0.01 } },
    { name: 'label', source: { at: '/label' }, compare: { kind: 'class', threshold: undefined, amount: undefined } },
    {
      name: 'items',
      source: { at: '/items' },
      compare: { kind: 'ranking', k: 10, minOverlap: 0.8, item: undefined, category: undefined },
    },
  ],
  timings: { featureFetch: undefined },
};

const rollout: RolloutSnapshot = {
  name: ROLLOUT,
  routes: [ROLLOUT],
  release: RELEASE,
  phase: 'paused',
  stable: { cluster: 'bench-v1', version: '1.0.0' },
  canary: { cluster: 'bench-v2', version: '2.0.0' },
  shadows: [
    {
      ...{ name: 'candidate', cluster: 'bench-v2-shadow', version: '2.0.0', sampleBp: 10_000, sampleBy: 'request' },
      ...{ methods: [], maxPerSecond: undefined, maxBodyBytes: 4_194_304, onlyArm: undefined, mirrorUnknownLength: [] },
    },
  ],
  unit: [{ header: 'x-user-id' }],
  segments: { country: { header: 'x-country' }, tier: { header: 'x-tier' } },
  rules: [],
  capture: { requestBytes: 0, responseBytes: 65_536 },
  prediction,
  baseline: undefined,
  salt: 'bench',
  weightBp: 0,
  reached: [],
  revision: 1,
};
const snapshot: Snapshot = { revision: 1, unitKey: '00', rollouts: [rollout] };
const REPORT_EVERY_MS = 200;

export interface Observing {
  /** Feeds all of it as fast as it goes; resolves with how many pairs were made. */
  run(messages: Iterable<LogMessages>): Promise<number>;
  /** What was counted beside pairs. */
  said(): string;
  stop(): Promise<void>;
}

/** `directory`: where to record; undefined = nothing is recorded. */
export async function startObserving(directory: string | undefined): Promise<Observing> {
  const recording = directory === undefined ? undefined : { sampleBp: 10_000, requests: false };
  const room = createObserveRoom(snapshot, {
    nowMs: () => performance.now(),
    wallMs: Date.now,
    random: Math.random,
    tracer: new ProxyTracerProvider().getTracer('bench'),
    settings: { redact: { paths: [], headers: [], patterns: [] }, recording },
  });
  const recorder = directory === undefined ? undefined : await startRecorder(directory);
  const counters: Record<string, number> = {};
  if (recorder !== undefined) {
    const { port1, port2 } = new MessageChannel();
    recorder.postMessage({ type: 'port', port: port2 }, [port2]);
    room.usePort(port1);
  }
  const report = () => {
    const { counters: added } = room.report();
    for (const [name, by] of Object.entries(added)) counters[name] = (counters[name] ?? 0) + by;
  };
  return {
    async run(messages) {
      const before = counters['pairing.pairs'] ?? 0;
      let reportedMs = performance.now();
      for (const { production, shadow } of messages) {
        feed('production', production);
        feed('shadow', shadow);
        if (performance.now() - reportedMs < REPORT_EVERY_MS) continue;
        report();
        reportedMs = performance.now();
        // as in the thread: messages from others get their turn
        await new Promise((resolve) => setImmediate(resolve));
      }
      report();
      return (counters['pairing.pairs'] ?? 0) - before;
    },
    said: () =>
      Object.entries(counters)
        .filter(([name]) => !name.startsWith('accesslog.') && name !== 'pairing.pairs')
        .map(([name, count]) => `${name} ${count}`)
        .join(', ') || 'nothing was dropped',
    async stop() {
      await room.stop(0);
      recorder?.postMessage({ type: 'stop', graceMs: 5_000 });
      if (recorder !== undefined) await new Promise((resolve) => recorder.once('exit', resolve));
    },
  };

  function feed(logName: string, message: Uint8Array): void {
    const { logEntries } = StreamAccessLogsMessage.decode(message);
    if (logEntries?.$case !== 'httpLogs') return;
    for (const entry of logEntries.value.logEntry) room.observe(logName, entry);
  }
}

async function startRecorder(directory: string): Promise<Worker> {
  const day = 86_400_000;
  const recording = {
    ...{ directory, sampleBp: 10_000, maxBytesPerDay: 1e12, maxAgeMs: day, maxBytes: 1e12, requests: false },
  };
  const start: RecordStart = { address: '', snapshot, recording };
  const worker = new Worker(new URL('../src/threads/record-thread.ts', import.meta.url), { workerData: start });
  await new Promise<void>((resolve, reject) => {
    worker.once('error', reject);
    worker.on('message', (message: FromThread<unknown>) => message.type === 'serving' && resolve());
  });
  return worker;
}
