/** What guards say, as the admin service shows it. */
import type { ServerWritableStream } from '@grpc/grpc-js';
import type * as proto from '../gen/understudy/admin/v1/admin.ts';
import type { Verdict } from '../guards/verdict.ts';
import type { Verdicts } from '../judging/verdicts.ts';
import { toStatus } from './errors.ts';
import { endOf } from './watch.ts';

/** Of a rollout that there is; `release` is its present one. */
export function verdictMessage(rollout: string, release: string, verdicts: Verdicts): proto.RolloutVerdict {
  const judged = verdicts.judged(rollout);
  if (judged === undefined || judged.release !== release) {
    return { rollout, release, verdicts: [], stale: false, untilMs: undefined, gaps: 0, gapsMs: 0 };
  }
  const { stale, gaps } = judged;
  return {
    rollout,
    release,
    verdicts: judged.verdicts.map(one),
    stale,
    untilMs: whole(judged.untilMs),
    gaps: gaps.count,
    gapsMs: Math.round(gaps.ms),
  };
}

/** Times and counts are whole numbers there. */
function one({ needs, ...verdict }: Verdict): proto.Verdict {
  return {
    ...verdict,
    n: Math.round(verdict.n),
    windowMs: Math.round(verdict.windowMs),
    sinceMs: Math.round(verdict.sinceMs),
    needsN: whole(needs && Math.ceil(needs.n)),
    needsMs: whole(needs?.ms),
  };
}

/** Undefined also for what no message can carry: more than anybody will wait for. */
function whole(value: number | undefined): number | undefined {
  const rounded = value === undefined ? undefined : Math.round(value);
  return Number.isSafeInteger(rounded) ? rounded : undefined;
}

/** Sends it now and each time it is judged anew. A reader that is behind gets the next one instead. */
export function watchVerdicts(
  call: ServerWritableStream<proto.WatchVerdictsRequest, proto.RolloutVerdict>,
  show: () => proto.RolloutVerdict,
  verdicts: Verdicts,
  stopping: AbortSignal,
): void {
  const { rollout } = call.request;
  const send = () => {
    if (call.writableNeedDrain) return;
    try {
      call.write(show());
    } catch (error) {
      // it was there when the stream began
      call.emit('error', toStatus(error));
    }
  };
  const unsubscribe = verdicts.onChange((changed) => {
    if (changed === rollout) send();
  });
  endOf(call, stopping).addEventListener('abort', unsubscribe);
  send();
}
