/** Starts the rooms, wires them together, stops them in order. */
import type { ObserveReport } from './accesslog/observe-room.ts';
import { startAdmin } from './admin/server.ts';
import type { Config } from './config/parse.ts';
import type { DecideReport } from './extproc/decide-room.ts';
import { createController } from './rollout/controller.ts';
import { openStore } from './store/sqlite.ts';
import { emitDecideSpan } from './telemetry/decide-span.ts';
import { startTracing } from './telemetry/tracing.ts';
import { createLedger } from './threads/ledger.ts';
import { createPublisher } from './threads/publish.ts';
import { RoomWorker } from './threads/worker.ts';
import { version } from './version.ts';

export interface App {
  /** No new decisions or changes, what is open gets `graceMs`, what was seen is flushed. */
  stop(graceMs?: number): Promise<void>;
}

const STOP_GRACE_MS = 2_000;

/** Rejects, with everything stopped again, when a socket is taken, the store cannot be opened or Node is too old. */
export async function startApp(config: Config, log: (line: string) => void): Promise<App> {
  const startedAtMs = Date.now();
  const tracing = startTracing(process.env);
  const store = openStore(config.store);
  const workers: (RoomWorker<DecideReport> | RoomWorker<ObserveReport>)[] = [];
  const publisher = createPublisher(() => workers);
  const controller = createController({ specs: config.rollouts, store, publisher, now: Date.now });
  const ledger = createLedger(() => workers.map(({ state }) => state));
  const common = { snapshot: () => controller.snapshot(), onChange: () => publisher.changed(), log };

  const decides = config.sockets.decide.map(
    (socketPath, index) =>
      new RoomWorker<DecideReport>({
        ...common,
        name: `decide-${index}`,
        entry: new URL('./threads/decide-thread.ts', import.meta.url),
        socketPath,
        onReport(report) {
          ledger.addDecide(report);
          for (const span of report.spans) emitDecideSpan(tracing.tracer, span);
        },
      }),
  );
  const observe = new RoomWorker<ObserveReport>({
    ...common,
    name: 'observe',
    entry: new URL('./threads/observe-thread.ts', import.meta.url),
    socketPath: config.sockets.observe,
    onReport: ledger.addObserve,
  });
  workers.push(...decides, observe);
  let admin: Awaited<ReturnType<typeof startAdmin>> | undefined;

  const app: App = {
    async stop(graceMs = STOP_GRACE_MS) {
      await admin?.stop();
      // decide first: what it still decides, observe still joins
      await Promise.all(decides.map((worker) => worker.stop(graceMs)));
      await observe.stop(graceMs);
      await tracing.stop();
      store.close();
    },
  };
  try {
    // observe before decide: an exchange must find somebody to tell
    await observe.start();
    await Promise.all(decides.map((worker) => worker.start()));
    const socketPath = config.sockets.admin;
    admin = await startAdmin({ socketPath, controller, observations: ledger, version, startedAtMs });
  } catch (error) {
    await app.stop(0);
    throw error;
  }
  return app;
}
