/** The threads of all baselines: one for each rollout that has one, as the newest snapshot says. */
import { type BaselineReport, type ServedBaseline, servedBaselines } from '../baseline/baseline-room.ts';
import type { Snapshot } from '../routing/snapshot.ts';
import type { BaselineStart } from './messages.ts';
import type { Reported } from './run-room.ts';
import { RoomWorker } from './worker.ts';

type Worker = RoomWorker<Reported<BaselineReport>>;

export interface Baselines {
  workers(): readonly Worker[];
  /** Rejects with the reason when one cannot serve. */
  start(): Promise<void>;
  /** After a change: starts what is new or has moved, stops what has gone. What cannot be started is logged. */
  follow(): Promise<void>;
  stop(graceMs: number): Promise<void>;
}

/** For the requests that are in a baseline which moves or goes. */
const LEAVE_MS = 1_000;

export function createBaselines(parts: {
  readonly snapshot: () => Snapshot;
  readonly onReport: (report: Reported<BaselineReport>) => void;
  readonly onChange: () => void;
  readonly log: (line: string) => void;
}): Baselines {
  const { snapshot, onReport, onChange, log } = parts;
  const running = new Map<string, { readonly worker: Worker; readonly listen: string; refused: boolean }>();
  let following: Promise<void> = Promise.resolve();
  let stopping = false;

  async function open(rollout: string, { listen }: ServedBaseline): Promise<void> {
    const worker: Worker = new RoomWorker({
      name: `baseline-${rollout}`,
      entry: new URL('./baseline-thread.ts', import.meta.url),
      start: (): BaselineStart => ({ address: listen, snapshot: snapshot(), rollout }),
      onReport,
      onChange,
      log,
    });
    const opened = { worker, listen, refused: false };
    running.set(rollout, opened);
    try {
      await worker.start();
    } catch (error) {
      opened.refused = true;
      throw error;
    }
  }

  async function reconcile(): Promise<void> {
    const wanted = servedBaselines(snapshot());
    for (const [rollout, { worker, listen, refused }] of running) {
      // one that never served is not tried again by itself: the next change is another try
      if (wanted.get(rollout)?.listen === listen && !refused) continue;
      await worker.stop(LEAVE_MS);
      running.delete(rollout);
    }
    for (const [rollout, baseline] of wanted) {
      if (stopping) return;
      if (running.has(rollout)) continue;
      await open(rollout, baseline).catch((error: Error) => log(`${error.message}; users of stable get no answer`));
    }
    onChange();
  }

  return {
    workers: () => [...running.values()].map(({ worker }) => worker),
    async start() {
      await Promise.all([...servedBaselines(snapshot())].map(([rollout, baseline]) => open(rollout, baseline)));
    },
    follow() {
      following = following.then(reconcile);
      return following;
    },
    async stop(graceMs) {
      stopping = true;
      await following;
      await Promise.all([...running.values()].map(({ worker }) => worker.stop(graceMs)));
    },
  };
}
