/** The two streams of the admin service. Neither holds more than a bounded number of messages for a slow reader. */
import { type ServerWritableStream, status } from '@grpc/grpc-js';
import type * as proto from '../gen/understudy/admin/v1/admin.ts';
import type { Pair } from '../pairing/pair.ts';
import { pairMessage } from './convert.ts';
import type { Observations } from './observations.ts';

// more than WatchPairsRequest.recent may be, so that the recent pairs always get through
const maxWaitingPairs = 1_024;

/** Aborted when the client is gone or the sidecar stops; the latter ends the call with UNAVAILABLE. */
function endOf(call: ServerWritableStream<unknown, unknown>, stopping: AbortSignal): AbortSignal {
  const gone = new AbortController();
  call.once('cancelled', () => gone.abort());
  call.once('close', () => gone.abort());
  const stop = () => call.emit('error', { code: status.UNAVAILABLE, details: 'the sidecar stops' });
  stopping.addEventListener('abort', stop, { once: true, signal: gone.signal });
  return AbortSignal.any([gone.signal, stopping]);
}

/** Sends `list()` now, after each change and every `intervalMs`. A reader that is behind gets the next one instead. */
export function watchRollouts(
  call: ServerWritableStream<proto.WatchRolloutsRequest, proto.ListRolloutsResponse>,
  intervalMs: number,
  list: () => proto.ListRolloutsResponse,
  onChange: (listener: () => void) => () => void,
  stopping: AbortSignal,
): void {
  const send = () => {
    if (!call.writableNeedDrain) call.write(list());
  };
  const unsubscribe = onChange(send);
  const timer = setInterval(send, intervalMs);
  endOf(call, stopping).addEventListener('abort', () => {
    unsubscribe();
    clearInterval(timer);
  });
  send();
}

/** Sends the newest `recent` pairs that are wanted, then follows or ends. */
export function watchPairs(
  call: ServerWritableStream<proto.WatchPairsRequest, proto.Pair>,
  observations: Observations,
  stopping: AbortSignal,
): void {
  const { rollout, shadow, onlyDifferent, recent, follow } = call.request;
  const wanted = (pair: Pair) =>
    (rollout === '' || pair.rollout === rollout) &&
    (shadow === '' || pair.shadow === shadow) &&
    (!onlyDifferent || isDifferent(pair));
  let dropped = 0;
  const send = (pairs: readonly Pair[]) => {
    for (const pair of pairs.filter(wanted)) {
      if (call.writableLength >= maxWaitingPairs) dropped += 1;
      else {
        call.write(pairMessage(pair, dropped));
        dropped = 0;
      }
    }
  };
  if (recent > 0) send(observations.recentPairs(1_000).filter(wanted).slice(-recent));
  if (!follow) {
    call.end();
    return;
  }
  const unsubscribe = observations.onPairs(send);
  endOf(call, stopping).addEventListener('abort', unsubscribe);
}

function isDifferent({ difference }: Pair): boolean {
  return !difference.sameStatus || difference.body === 'different' || Object.values(difference.outputs).includes(false);
}
