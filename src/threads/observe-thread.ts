import { createObserveRoom } from '../accesslog/observe-room.ts';
import { startTracing } from '../telemetry/tracing.ts';
import { runRoom } from './run-room.ts';

const tracing = startTracing(process.env);
await runRoom(
  ({ snapshot }) => createObserveRoom(snapshot, { nowMs: () => performance.now(), tracer: tracing.tracer }),
  () => tracing.stop(),
);
