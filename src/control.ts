/** The control thread without its sockets: what blocks, breakers and people make of rollouts, and who is told. */
import { readMade } from './admin/apply.ts';
import type { ThreadState } from './admin/observations.ts';
import type { Config } from './config/parse.ts';
import { guardJudge } from './judging/judge.ts';
import { createJudging, type Judging } from './judging/loop.ts';
import { createPrometheusSource } from './judging/prometheus.ts';
import { createNotifier, type Notifier } from './notifications/notifier.ts';
import { createRipeOutcomes, type RipeOutcomes } from './outcomes/ripe.ts';
import { type Controller, createController } from './rollout/controller.ts';
import type { Publisher } from './rollout/publisher.ts';
import type { openStore } from './store/sqlite.ts';
import { type Breaker, createBreaker } from './threads/breaker.ts';
import { createLedger, type Ledger } from './threads/ledger.ts';
import { version } from './version.ts';

/** How often it is asked whether somebody still observes, and whether what could not be stored now can. */
const LOOK_EVERY_MS = 1_000;

export interface Control {
  readonly controller: Controller;
  readonly ledger: Ledger;
  readonly judging: Judging;
  readonly breaker: Breaker;
  readonly ripe: RipeOutcomes;
  readonly notifier: Notifier;
  /** Asks no more metrics sources, and ends what is being told. */
  stop(): Promise<void>;
}

/** Throws what the store throws. `file` is where the configuration is written. */
export function createControl(parts: {
  readonly config: Config;
  readonly file: string;
  readonly store: ReturnType<typeof openStore>;
  readonly publisher: Publisher;
  readonly threads: () => readonly ThreadState[];
  readonly log: (line: string) => void;
}): Control {
  const { config, file, store, publisher, threads, log } = parts;
  const nowMs = () => performance.now();
  const made = readMade(store.specs(), config);
  const controller = createController({
    ...{ specs: config.rollouts, made: made.specs, file, store, publisher, now: Date.now, log },
    verdicts: (rollout) => judging.verdicts.list(rollout),
  });
  const ledger = createLedger({
    threads,
    releaseOf: (rollout) => controller.views().find(({ name }) => name === rollout)?.release,
  });
  const { count } = ledger;
  for (const { rollout, error } of made.refused) {
    count('config.made-refused');
    log(`rollout ${rollout} was applied once and does not fit the configuration: it is not run`);
    log(error.message);
  }
  const prometheus = createPrometheusSource({ rollouts: controller.views, count, log, nowMs });
  const ripe = createRipeOutcomes(store);
  const judging = createJudging({
    ...{ store, judge: guardJudge, views: controller.views, count, log, nowMs, wallMs: Date.now },
    sources: { samples: prometheus.samples, ripe: ripe.take },
    onJudged: ({ row, seen, verdicts }) => controller.look(row.rollout, row.release, { seen, verdicts }),
    onUnstored: ({ row, verdicts }) => controller.lookForHarm(row.rollout, row.release, verdicts),
  });
  controller.onChange(judging.follow);
  const notifier = createNotifier({
    ...{ webhooks: config.notifications, sidecar: store.sidecarId(), version, events: store.events, deliveries: store },
    ...{ nowMs, wallMs: Date.now, random: Math.random, count, log },
  });
  const looking = setInterval(() => {
    prometheus.tick();
    judging.tick();
    controller.tick();
    notifier.tick();
  }, LOOK_EVERY_MS);
  return {
    ...{ controller, ledger, judging, ripe, notifier },
    breaker: createBreaker({ controller, count }),
    async stop() {
      prometheus.stop();
      await notifier.stop();
      clearInterval(looking);
    },
  };
}
