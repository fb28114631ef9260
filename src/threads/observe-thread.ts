import { createObserveRoom } from '../accesslog/observe-room.ts';
import { startTracing } from '../telemetry/tracing.ts';
import type { ObserveStart } from './messages.ts';
import { runRoom } from './run-room.ts';

const tracing = startTracing(process.env);
await runRoom(
  ({ snapshot, settings, tls, origin }: ObserveStart) =>
    createObserveRoom(snapshot, {
      nowMs: () => performance.now(),
      wallMs: Date.now,
      random: Math.random,
      tracer: tracing.tracer,
      settings,
      tls,
      origin,
    }),
  () => tracing.stop(),
);
