/** Streams of the admin service. Neither holds more than a bounded number of messages for a slow reader. */
import { type ServerWritableStream, status } from '@grpc/grpc-js';
import type * as proto from '../gen/understudy/admin/v1/admin.ts';
import type { Controller } from '../rollout/controller.ts';
import { RefusedError } from '../rollout/refused.ts';
import { toStatus } from './errors.ts';
import type { Observations } from './observations.ts';
import { isWanted } from './pair-filter.ts';
import { pairMessage } from './pair-message.ts';
import { type HeldPair, heldPairs, nameOf } from './pairs.ts';

// more than WatchPairsRequest.recent may be, so that the recent pairs always get through
const maxWaitingPairs = 1_024;

/**
 * Aborted when the client is gone, the call has failed (also while a slow reader still has messages to fetch) or the sidecar
 * stops; the latter ends the call with UNAVAILABLE.
 */
export function endOf(call: ServerWritableStream<unknown, unknown>, stopping: AbortSignal): AbortSignal {
  const gone = new AbortController();
  call.once('cancelled', () => gone.abort());
  call.once('close', () => gone.abort());
  call.once('error', () => gone.abort());
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

/** Sends the newest `recent` pairs that are wanted, oldest first, then follows or ends. */
export function watchPairs(
  call: ServerWritableStream<proto.WatchPairsRequest, proto.Pair>,
  observations: Observations,
  allowBodies: () => boolean,
  stopping: AbortSignal,
): void {
  const { recent, follow, includeBodies: bodiesWanted = false, ...filter } = call.request;
  let dropped = 0;
  const send = ({ pair, kept }: HeldPair) => {
    if (call.writableLength >= maxWaitingPairs) dropped += 1;
    else {
      // the configuration may have changed since the stream began
      const includeBodies = bodiesWanted && allowBodies();
      call.write(pairMessage(pair, { kept, includeBodies, droppedBefore: dropped }));
      dropped = 0;
    }
  };
  if (recent > 0) {
    const wanted = heldPairs(observations).filter(({ pair, kept }) => isWanted(filter, pair, () => kept !== undefined));
    for (const held of wanted.slice(0, recent).reverse()) send(held);
  }
  if (!follow) {
    call.end();
    return;
  }
  const unsubscribe = observations.onPairs((pairs) => {
    // why a pair is kept is looked up for those only who ask for kept ones: there are many pairs, and many are kept
    const needsKept = filter.keptOnly || bodiesWanted;
    const kept = new Map((needsKept ? observations.kept() : []).map((one) => [nameOf(one.pair), one]));
    for (const pair of pairs) {
      const own = kept.get(nameOf(pair));
      if (isWanted(filter, pair, () => own !== undefined)) send({ pair, kept: own });
    }
  });
  endOf(call, stopping).addEventListener('abort', unsubscribe);
}

/** Events of one write to the stream. */
const EVENTS_AT_ONCE = 100;

/**
 * Sends the events after `after` (undefined: only those to come), oldest first, and then each as it is stored. Nothing is
 * held for a reader that is behind: it is given the next ones out of the log when it has read the last.
 */
export function watchEvents(
  call: ServerWritableStream<proto.WatchEventsRequest, proto.Event>,
  controller: Pick<Controller, 'events' | 'onEvents'>,
  stopping: AbortSignal,
): void {
  const { rollout, after } = call.request;
  const of = { rollout: rollout || undefined };
  let last = after ?? controller.events({ limit: 1 })[0]?.number ?? 0;
  const end = endOf(call, stopping);
  const send = () => {
    try {
      while (!call.writableNeedDrain && !end.aborted) {
        const events = controller.events({ ...of, after: last, limit: EVENTS_AT_ONCE });
        for (const event of events) {
          call.write(event);
          last = event.number;
        }
        if (events.length < EVENTS_AT_ONCE) return;
      }
    } catch (error) {
      unsubscribe();
      const cause = { cause: error };
      const message = `events cannot be read now: ${(error as Error).message}; ask again after ${last}`;
      call.emit('error', toStatus(new RefusedError('unavailable', 'after', message, cause)));
    }
  };
  const unsubscribe = controller.onEvents(send);
  call.on('drain', send);
  end.addEventListener('abort', unsubscribe);
  send();
}
