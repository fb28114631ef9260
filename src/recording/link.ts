/**
 * Rows and blocks on their way from the observe thread to the record thread. Nothing waits: what is not yet safe on disk
 * counts as in flight, and what goes beyond the bounds is dropped and counted.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Block } from '../evidence/sums.ts';
import type { RecordedRow } from './row.ts';

/** To the record thread. A row is its JSON; `characters` are those of all of them. */
export type ToRecorder =
  | { readonly type: 'rows'; readonly rows: readonly string[]; readonly characters: number }
  | { readonly type: 'block'; readonly block: Block };

/** Back: these are on disk, or were dropped by the recorder, which counts them itself. */
export interface Done {
  readonly rows: number;
  readonly characters: number;
  readonly blocks: number;
}

/**
 * `dropped-busy`: rows beyond the bounds. `dropped-blocks`: blocks beyond them. `unconfirmed`: rows in flight when the
 * record thread died; they may be on disk.
 */
export type LinkCounter =
  | 'recording.offered'
  | 'recording.dropped-busy'
  | 'recording.dropped-blocks'
  | 'recording.unconfirmed';

export interface LinkLimits {
  readonly maxRowsInFlight: number;
  /** Of rows as JSON, in characters. */
  readonly maxBytesInFlight: number;
  readonly count: (name: LinkCounter, by?: number) => void;
}

export const LINK_LIMITS = { maxRowsInFlight: 100_000, maxBytesInFlight: 64 * 2 ** 20 };

const BATCH_ROWS = 200;
const BATCH_CHARACTERS = 2 ** 20;
const BATCH_MS = 100;
/** Ten minutes of blocks of ten seconds. */
const MAX_BLOCKS_IN_FLIGHT = 60;

export interface RecordingLink {
  /** False: there was no room, and it was counted. */
  offer(row: RecordedRow): boolean;
  offerBlock(block: Block): boolean;
  /** Sends what waits to be sent; at a stop. */
  flush(): void;
  /** Gives the port back; what is in flight is counted. */
  close(): void;
}

export function createRecordingLink(
  port: MessagePort,
  { maxRowsInFlight, maxBytesInFlight, count }: LinkLimits,
): RecordingLink {
  const inFlight = { rows: 0, characters: 0, blocks: 0 };
  let batch: string[] = [];
  let batchCharacters = 0;
  let timer: NodeJS.Timeout | undefined;
  let open = true;

  port.on('message', ({ rows, characters, blocks }: Done) => {
    inFlight.rows -= rows;
    inFlight.characters -= characters;
    inFlight.blocks -= blocks;
  });
  port.once('close', end);
  // the room lives as long as control says, not as long as somebody listens
  port.unref();

  function say(message: ToRecorder): void {
    port.postMessage(message);
  }

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (batch.length === 0) return;
    say({ type: 'rows', rows: batch, characters: batchCharacters });
    batch = [];
    batchCharacters = 0;
  }

  function end(): void {
    if (!open) return;
    open = false;
    clearTimeout(timer);
    if (inFlight.rows > 0) count('recording.unconfirmed', inFlight.rows);
    if (inFlight.blocks > 0) count('recording.dropped-blocks', inFlight.blocks);
    batch = [];
  }

  return {
    offer(row) {
      count('recording.offered');
      if (!open || inFlight.rows >= maxRowsInFlight || inFlight.characters >= maxBytesInFlight) {
        count('recording.dropped-busy');
        return false;
      }
      const text = JSON.stringify(row);
      inFlight.rows++;
      inFlight.characters += text.length;
      batch.push(text);
      batchCharacters += text.length;
      if (batch.length >= BATCH_ROWS || batchCharacters >= BATCH_CHARACTERS) flush();
      // it keeps the thread for so long: nothing offered before the end is left behind
      else timer ??= setTimeout(flush, BATCH_MS);
      return true;
    },
    offerBlock(block) {
      if (!open || inFlight.blocks >= MAX_BLOCKS_IN_FLIGHT) {
        count('recording.dropped-blocks');
        return false;
      }
      inFlight.blocks++;
      say({ type: 'block', block });
      return true;
    },
    flush,
    close() {
      flush();
      end();
      port.close();
    },
  };
}
