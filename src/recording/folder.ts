/** The folder of a recording as its one recorder holds it: parts in, segments and retention. */
import { mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CellCodec } from './cell-codec.ts';
import { compact, partsToCompact, type Sized } from './compact.ts';
import { syncFolder, type WriteBytes, writeDurably } from './durable.ts';
import { type DataFile, list, partName } from './files.ts';
import { changing, lock } from './lock.ts';
import type { Kind } from './parquet.ts';
import { expired } from './retention.ts';
import type { RecordingSpec } from './spec.ts';

export const KINDS: readonly Kind[] = ['rows', 'blocks'];
/** The record thread stands still so long at most while `forget` changes a file. */
const LOCK_MS = 500;
const DAY_MS = 86_400_000;

export type FolderCounter = 'recording.segments' | 'recording.unreadable' | 'recording.expired';

export interface FolderPorts {
  readonly codec: CellCodec;
  readonly count: (name: FolderCounter, by?: number) => void;
  readonly write: WriteBytes;
  readonly isStopping: () => boolean;
}

export interface FolderState {
  readonly bytesOnDisk: number;
  /** When the oldest file was written; undefined: there is none. */
  readonly oldestMs: number | undefined;
}

export class RecordingFolder {
  #spec: RecordingSpec;
  readonly #ports: FolderPorts;
  readonly #partBytes: number;
  readonly #numbers: Record<Kind, number> = { rows: 0, blocks: 0 };
  #held: { release(): void } | undefined;
  state: FolderState = { bytesOnDisk: 0, oldestMs: undefined };

  constructor(spec: RecordingSpec, segmentBytes: number, ports: FolderPorts) {
    this.#spec = spec;
    this.#ports = ports;
    this.#partBytes = segmentBytes;
  }

  /** The folder itself stays the one it was. */
  useSpec(spec: RecordingSpec): void {
    this.#spec = { ...spec, directory: this.#spec.directory };
  }

  /**
   * Makes the folder, keeps other recorders out, removes what a crash left. Returns the bytes of rows written on the day of
   * `nowMs`. Rejects with the reason.
   */
  async open(nowMs: number): Promise<number> {
    this.close();
    const { directory } = this.#spec;
    for (const kind of KINDS) await makeFolder(join(directory, kind));
    this.#held = lock(directory, 'recorder', 0);
    if (this.#held === undefined)
      throw new Error(`${directory}: another process records here; give each sidecar a folder`);
    await changing(directory, LOCK_MS, () => cleanUp(directory));
    const files = await this.#files();
    for (const kind of KINDS) {
      this.#numbers[kind] = Math.max(this.#numbers[kind], ...files[kind].map(({ last }) => last + 1), 1);
    }
    this.#note(files);
    const day = Math.floor(nowMs / DAY_MS);
    return sum(files.rows.filter(({ writtenMs }) => Math.floor(writtenMs / DAY_MS) === day));
  }

  close(): void {
    this.#held?.release();
    this.#held = undefined;
  }

  /** Where the next part goes: the same again if it has to be tried again. */
  nextPath(kind: Kind, nowMs: number): string {
    return join(this.#spec.directory, kind, partName(nowMs, this.#numbers[kind]++));
  }

  async write(path: string, bytes: Uint8Array, nowMs: number): Promise<void> {
    await changing(this.#spec.directory, LOCK_MS, () =>
      writeDurably(path, (write) => write(bytes), { write: this.#ports.write }),
    );
    this.state = { bytesOnDisk: this.state.bytesOnDisk + bytes.length, oldestMs: this.state.oldestMs ?? nowMs };
  }

  /** Removes what is too old or too much, then makes at most one segment of each kind. Returns whether it made one. */
  async tidy(nowMs: number): Promise<boolean> {
    const { directory, maxAgeMs, maxBytes } = this.#spec;
    return changing(directory, LOCK_MS, async () => {
      const files = await this.#files();
      const setAside = await this.#files('setAside');
      const old = { nowMs, maxAgeMs, maxBytes };
      const gone = expired(
        { rows: [...setAside.rows, ...files.rows], blocks: [...setAside.blocks, ...files.blocks] },
        old,
      );
      for (const { path } of gone) await rm(path, { force: true });
      for (const folder of new Set(gone.map(({ path }) => dirname(path)))) await syncFolder(folder);
      this.#ports.count('recording.expired', gone.length);
      let made = false;
      for (const kind of KINDS) {
        const parts = partsToCompact(
          files[kind].filter((file) => !gone.includes(file)),
          nowMs,
          this.#partBytes,
        );
        if (parts === undefined) continue;
        const onUnreadable = () => this.#ports.count('recording.unreadable');
        await compact(kind, parts, { ...this.#ports, onUnreadable });
        this.#ports.count('recording.segments');
        made = true;
      }
      this.#note(await this.#files());
      return made;
    });
  }

  #note({ rows, blocks }: Readonly<Record<Kind, readonly Sized[]>>): void {
    const all = [...rows, ...blocks];
    const oldestMs =
      all.length === 0 ? undefined : all.reduce((ms, { writtenMs }) => Math.min(ms, writtenMs), Infinity);
    this.state = { bytesOnDisk: sum(all), oldestMs };
  }

  async #files(which: 'files' | 'setAside' = 'files'): Promise<Record<Kind, Sized[]>> {
    const { directory } = this.#spec;
    return { rows: await sized(join(directory, 'rows'), which), blocks: await sized(join(directory, 'blocks'), which) };
  }
}

/** With those above it. Not `recursive`: where a folder cannot be, as in /proc, that never ends (Node 24). */
async function makeFolder(path: string): Promise<void> {
  const make = () =>
    mkdir(path, { mode: 0o750 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  await make().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await make();
  });
}

/** What a crash left: files that were not finished, and parts that a segment holds too. Under the `change` lock. */
export async function cleanUp(directory: string): Promise<void> {
  for (const kind of KINDS) {
    const { covered, unfinished } = await list(join(directory, kind));
    for (const path of [...unfinished, ...covered.map((file) => file.path)]) await rm(path, { force: true });
  }
}

async function sized(folder: string, which: 'files' | 'setAside'): Promise<Sized[]> {
  const { [which]: files } = await list(folder);
  return Promise.all(files.map(async (file: DataFile) => ({ ...file, bytes: (await stat(file.path)).size })));
}

function sum(files: readonly { readonly bytes: number }[]): number {
  return files.reduce((bytes, file) => bytes + file.bytes, 0);
}
