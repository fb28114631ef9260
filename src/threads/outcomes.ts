/** The outcome thread, its lines to the observe thread and to the desk where outcomes are handed in. */
import { MessageChannel } from 'node:worker_threads';
import { cohortsOf } from '../outcomes/cohorts.ts';
import { createOutcomeDesk, type OutcomeDesk } from '../outcomes/outcome-desk.ts';
import type { OutcomeReport } from '../outcomes/outcome-room.ts';
import type { RipeOutcomes } from '../outcomes/ripe.ts';
import type { OutcomesSpec } from '../outcomes/spec.ts';
import type { RolloutView } from '../rollout/state.ts';
import type { Snapshot } from '../routing/snapshot.ts';
import { type Connectable, connect } from './connect.ts';
import type { OutcomeStart } from './messages.ts';
import type { Reported } from './run-room.ts';
import { RoomWorker } from './worker.ts';

export interface Outcomes {
  readonly worker: RoomWorker<Reported<OutcomeReport>>;
  readonly desk: OutcomeDesk;
  /** Each time the observe thread serves. */
  connect(): void;
  /** After a change of rollouts. */
  follow(): void;
  /** How they are kept from now on; where stays as it was at the start. */
  use(spec: OutcomesSpec): void;
}

export function createOutcomes(
  first: OutcomesSpec,
  parts: {
    readonly observe: Connectable;
    readonly ripe: RipeOutcomes;
    readonly views: () => readonly RolloutView[];
    readonly snapshot: () => Snapshot;
    readonly onReport: (report: Reported<OutcomeReport>) => void;
    readonly onChange: () => void;
    readonly log: (line: string) => void;
  },
): Outcomes {
  const { observe, ripe, views, snapshot, onReport, onChange, log } = parts;
  const { database } = first;
  let outcomes = first;
  const desk = createOutcomeDesk();
  const worker: RoomWorker<Reported<OutcomeReport>> = new RoomWorker({
    onChange,
    log,
    name: 'outcomes',
    entry: new URL('./outcome-thread.ts', import.meta.url),
    start: (): OutcomeStart => ({ address: '', snapshot: snapshot(), outcomes }),
    onServing() {
      connect(observe, worker, 'outcomes');
      const { port1, port2 } = new MessageChannel();
      desk.usePort(port1);
      worker.usePort(port2, 'outcomes');
    },
    onReport(report) {
      onReport(report);
      ripe.add(report.ripe);
      desk.taken(ripe.settled());
    },
  });
  const follow = () => desk.useCohorts(cohortsOf(views()));
  follow();
  return {
    worker,
    desk,
    follow,
    connect: () => connect(observe, worker, 'outcomes'),
    use(spec) {
      outcomes = { ...spec, database };
      desk.useSettings(outcomes);
    },
  };
}
