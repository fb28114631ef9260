/** What metrics show of the threads beyond what people are shown: plain data. */
import type { ObserveReport } from '../accesslog/observe-room.ts';
import type { DecisionTimes } from '../extproc/decision-times.ts';
import type { LoopDelay } from '../telemetry/loop-delay.ts';

export interface Vitals {
  /** Of all decide threads together, since the process started. */
  decisionTimes(): DecisionTimes;
  /** By decide thread. */
  streamsInFlight(): ReadonlyMap<string, number>;
  join(): ObserveReport['join'];
  /** By thread. */
  loopDelays(): ReadonlyMap<string, LoopDelay>;
}
