/** Starts the rooms, wires them together, stops them in order. */
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { createTokenDesk } from './access/token-desk.ts';
import type { ObserveReport, ObserveSettings } from './accesslog/observe-room.ts';
import { mustFitMade } from './admin/apply.ts';
import type { Observations } from './admin/observations.ts';
import { startAdmin } from './admin/server.ts';
import type { Config } from './config/parse.ts';
import { createReload } from './config/reload.ts';
import { createControl } from './control.ts';
import type { DecideReport } from './extproc/decide-ledger.ts';
import { type Geography, openGeography } from './geography/geography.ts';
import { guardedByRollout } from './judging/guarded.ts';
import type { MetricsServer } from './metrics/server.ts';
import { startMetrics } from './metrics/start.ts';
import type { OutcomeReport } from './outcomes/outcome-room.ts';
import { findRow } from './recording/reader.ts';
import type { RecordReport } from './recording/record-room.ts';
import type { RolloutView } from './rollout/state.ts';
import type { LookUpGeo } from './routing/segments.ts';
import { readTls } from './sockets/tls.ts';
import { openStore } from './store/sqlite.ts';
import { emitDecideSpan } from './telemetry/decide-span.ts';
import { startTracing } from './telemetry/tracing.ts';
import { createBaselines } from './threads/baselines.ts';
import type { DecideStart, ObserveStart } from './threads/messages.ts';
import { createOutcomes } from './threads/outcomes.ts';
import { createPublisher } from './threads/publish.ts';
import { createRecorder } from './threads/recorder.ts';
import type { Reported } from './threads/run-room.ts';
import { RoomWorker } from './threads/worker.ts';
import { version } from './version.ts';

export interface App {
  /**
   * No new changes; decides until Envoy has noticed, at most for `graceMs`; then joins and flushes what is left and
   * logs what was decided and what was cut.
   */
  stop(graceMs?: number): Promise<void>;
  /** Takes what `load` gives, or says why not and goes on as before. Never rejects. */
  reload(load: () => Config): Promise<void>;
}

type AnyWorker =
  | RoomWorker<Reported<DecideReport>>
  | RoomWorker<Reported<ObserveReport>>
  | RoomWorker<Reported<OutcomeReport>>
  | RoomWorker<Reported<RecordReport>>;

/** Half of it for Envoys to notice: enough for health checks each two seconds. */
const STOP_GRACE_MS = 5_000;
/** What a decision allocates does not live on: little is collected often, and briefly (docs/performance.md). */
const DECIDE_LIMITS = { maxYoungGenerationSizeMb: 12 };
/** For the log entries of what was decided last. */
const LAST_ENTRIES_MS = 1_500;
/** For the rows of those. */
const LAST_ROWS_MS = 2_000;
/** A collector that hangs must not hold the stop. */
const FLUSH_MS = 1_000;

/**
 * Rejects, with everything stopped again, when a socket is taken, Node too old, or store or geography unreadable. `file` is
 * where the configuration is written, for whoever wants to change it.
 */
export async function startApp(config: Config, log: (line: string) => void, file = 'understudy.yaml'): Promise<App> {
  const startedAtMs = Date.now();
  // here the reason is said plainly; a thread is started again, and reads again
  if (config.observe !== undefined) readTls(config.observe.tls, () => {});
  const tracing = startTracing(process.env);
  const store = openStore(config.store);
  const workers: AnyWorker[] = [];
  const allWorkers = () => [...workers, ...baselines.workers()];
  const publisher = createPublisher(allWorkers);
  const control = createControl({
    ...{ config, file, store, publisher, log },
    threads: () => allWorkers().map(({ state }) => state),
  });
  const { controller, ledger, judging, breaker, ripe, notifier } = control;
  /** What may change while running, beside the rollouts. */
  let taken = config;
  let observed = observeSettings(config, controller.views());
  const common = { onChange: () => publisher.changed(), log };
  let geography: Geography | undefined;
  const baselines = createBaselines({
    ...common,
    snapshot: controller.snapshot,
    onReport: (report) => ledger.addBaseline(report),
  });
  controller.onChange(() => void baselines.follow());

  const decides = config.sockets.decide.map(
    (address, index, { length: decideThreads }) =>
      new RoomWorker<Reported<DecideReport>>({
        ...common,
        name: `decide-${index}`,
        entry: new URL('./threads/decide-thread.ts', import.meta.url),
        resourceLimits: DECIDE_LIMITS,
        start: (): DecideStart => ({
          address,
          snapshot: controller.snapshot(),
          database: geography?.database,
          decideThreads,
        }),
        onReport(report) {
          ledger.addDecide(`decide-${index}`, report);
          breaker.addDecide(report);
          for (const span of report.spans) emitDecideSpan(tracing.tracer, span);
        },
      }),
  );
  const observe = new RoomWorker<Reported<ObserveReport>>({
    ...common,
    name: 'observe',
    entry: new URL('./threads/observe-thread.ts', import.meta.url),
    start: (): ObserveStart => ({
      address: config.sockets.observe,
      snapshot: controller.snapshot(),
      settings: observeSettings(taken, controller.views()),
      tls: config.observe?.tls,
      origin: { sidecar: store.sidecarId(), thread: randomBytes(8).toString('hex') },
    }),
    onServing() {
      ledger.observeStarted();
      recorder?.connect();
      outcomes?.connect();
    },
    onReport(report) {
      // first: users wait for it
      breaker.addObserve(report);
      ledger.addObserve('observe', report);
      for (const block of report.closed) void judging.takeBlock(block);
    },
  });
  const { recording, outcomes: kept } = config;
  const threads = { ...common, observe, snapshot: controller.snapshot };
  const recorder = recording && createRecorder(recording, { ...threads, onReport: ledger.addRecord });
  const outcomes =
    kept && createOutcomes(kept, { ...threads, ripe, views: controller.views, onReport: ledger.addOutcomes });
  controller.onChange(() => outcomes?.follow());
  // rollouts that are in no file come and go
  controller.onChange(() => {
    const settings = observeSettings(taken, controller.views());
    if (!isDeepStrictEqual(settings, observed)) observe.useSettings(settings);
    observed = settings;
  });
  workers.push(...decides, observe);
  if (recorder !== undefined) workers.push(recorder.worker);
  if (outcomes !== undefined) workers.push(outcomes.worker);
  const lookUp: LookUpGeo = (...asked) => geography?.lookUp(...asked);
  const directory = config.recording?.directory;
  const shown = {
    ...{ controller, observations: ledger, lookUp, version, startedAtMs, log },
    verdicts: judging.verdicts,
    made: { running: () => taken, texts: store.specs },
    allowBodies: () => taken.allowBodies,
    ...(outcomes === undefined ? {} : { outcomes: outcomes.desk }),
    ...(directory === undefined ? {} : { findRecorded: (id: string) => findRow(directory, id) }),
  };
  let admin: Awaited<ReturnType<typeof startAdmin>> | undefined;
  let metrics: MetricsServer | undefined;
  let stopping = false;

  const take = (wanted: Config) => {
    if (!isDeepStrictEqual(wanted.redact, taken.redact)) ledger.forgetPairs();
    taken = wanted;
    observe.useSettings(observeSettings(wanted, controller.views()));
    if (wanted.recording !== undefined) recorder?.use(wanted.recording);
    if (wanted.outcomes !== undefined) outcomes?.use(wanted.outcomes);
    notifier.use(wanted.notifications);
  };

  const reload = createReload({ running: config, controller, take, count: ledger.count, log });
  /** Of those that run. */
  const madeTexts = () => {
    const run = controller.views().filter(({ file }) => file === undefined);
    return store.specs().filter(({ rollout }) => run.some(({ name }) => name === rollout));
  };
  const app: App = {
    reload: (load) =>
      reload(() => {
        const wanted = load();
        mustFitMade(madeTexts(), wanted);
        return wanted;
      }),
    async stop(graceMs = STOP_GRACE_MS) {
      stopping = true;
      geography?.stop();
      // decide first: what it still decides, observe still joins
      await Promise.all([admin?.stop(), ...decides.map((worker) => worker.stop(graceMs))]);
      await Promise.all([
        observe.stop(Math.min(graceMs, LAST_ENTRIES_MS)),
        baselines.stop(Math.min(graceMs, LAST_ENTRIES_MS)),
      ]);
      // last: what observe still joined is recorded
      outcomes?.desk.close();
      await Promise.all([
        recorder?.worker.stop(Math.min(graceMs, LAST_ROWS_MS)),
        outcomes?.worker.stop(Math.min(graceMs, LAST_ROWS_MS)),
      ]);
      await Promise.race([tracing.stop(), wait(FLUSH_MS, undefined, { ref: false })]);
      await control.stop();
      store.close();
      await metrics?.close();
      if (admin !== undefined) log(stopLine(ledger));
    },
  };
  try {
    // before the others, so that it can say what they still wait for
    if (config.metrics !== undefined) {
      metrics = await startMetrics(config.metrics.listen, { ...shown, vitals: ledger, stopping: () => stopping });
      log(`metrics at ${metrics.url}/metrics`);
    }
    if (config.geoip !== undefined) {
      geography = await openGeography(config.geoip.database, {
        onReload(database) {
          ledger.count('geoip.reloads');
          for (const worker of decides) worker.useDatabase(database);
        },
        onReloadFailure(reason) {
          ledger.count('geoip.reload-failures');
          log(`${reason}; the database from before stays`);
        },
      });
    }
    await baselines.start();
    // a folder that cannot be written is no reason not to serve
    await recorder?.worker.start();
    await outcomes?.worker.start();
    // observe before decide: an exchange must find somebody to tell
    await observe.start();
    await Promise.all(decides.map((worker) => worker.start()));
    const socketPath = config.sockets.admin;
    const tokens = createTokenDesk(store, { nowMs: Date.now, random: randomBytes });
    admin = await startAdmin({ ...shown, socketPath, tokens, tcp: config.admin, count: ledger.count });
    if (admin.tcpPort !== undefined) log(`admin by TCP at port ${admin.tcpPort}`);
  } catch (error) {
    await app.stop(0);
    throw error;
  }
  return app;
}

function observeSettings({ redact, recording }: Config, rollouts: readonly RolloutView[]): ObserveSettings {
  return { redact, recording, guarded: guardedByRollout(rollouts) };
}

/** What of the decisions asked of us we know to have been lost; those that never reached us only Envoy counts. */
function stopLine({ decisions, counters }: Observations): string {
  const made = decisions().reduce((sum, { count }) => sum + count, 0);
  const {
    'decide.streams-cut': cut = 0,
    'accesslog.production': exchanges = 0,
    'pairing.pairs': pairs = 0,
  } = counters();
  const lostShare = cut === 0 ? 0 : cut / (made + cut);
  const lost = `${cut} lost (${(100 * lostShare).toFixed(2)} %)`;
  return `stopped: ${made} decisions, ${lost}, ${exchanges} exchanges of production, ${pairs} pairs`;
}
