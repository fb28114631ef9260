/**
 * Names in a recording's folder. `<written>-<n>.part.parquet` is a part; `<written>-<first>-<last>.parquet` is a segment and
 * holds what the parts first..last held: while some of those are still there, they are covered and not read. `written` is
 * the second in which the (first) part was written, UTC. Numbers rise by one for each part. Anything else is not ours, but
 * `.tmp` (not finished) and `.unreadable` (set aside).
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

export interface DataFile {
  readonly name: string;
  readonly path: string;
  readonly writtenMs: number;
  readonly first: number;
  readonly last: number;
  readonly isPart: boolean;
}

export interface Listing {
  /** In the order they were written. */
  readonly files: readonly DataFile[];
  /** Parts that a segment holds too: left by a crash, or about to go. */
  readonly covered: readonly DataFile[];
  /** Paths of files that were not finished. */
  readonly unfinished: readonly string[];
  /** What could not be read. */
  readonly setAside: readonly DataFile[];
}

export const UNFINISHED = '.tmp';
export const SET_ASIDE = '.unreadable';

const NAME = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)Z-(\d{8,})(?:\.part|-(\d{8,}))\.parquet$/;

export function partName(writtenMs: number, number: number): string {
  return `${stamp(writtenMs)}-${digits(number)}.part.parquet`;
}

export function segmentName(writtenMs: number, first: number, last: number): string {
  return `${stamp(writtenMs)}-${digits(first)}-${digits(last)}.parquet`;
}

/** Undefined when the name is not one of ours. */
export function fileOf(folder: string, name: string): DataFile | undefined {
  const [, day, hours, minutes, seconds, first, last] = NAME.exec(name) ?? [];
  if (day === undefined) return undefined;
  return {
    name,
    path: join(folder, name),
    writtenMs: Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`),
    first: Number(first),
    last: Number(last ?? first),
    isPart: last === undefined,
  };
}

/** Rejects when the folder cannot be read; one that is not there is empty. */
export async function list(folder: string): Promise<Listing> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const files = names
    .flatMap((name) => fileOf(folder, name) ?? [])
    .sort((a, b) => a.first - b.first || b.last - a.last);
  const segments = files.filter(({ isPart }) => !isPart);
  const isCovered = (file: DataFile) =>
    segments.some((segment) => segment !== file && segment.first <= file.first && file.last <= segment.last);
  return {
    files: files.filter((file) => !isCovered(file)),
    covered: files.filter(isCovered),
    unfinished: names.filter((name) => name.endsWith(UNFINISHED)).map((name) => join(folder, name)),
    setAside: names.flatMap((name) => {
      const file = name.endsWith(SET_ASIDE) ? fileOf(folder, name.slice(0, -SET_ASIDE.length)) : undefined;
      return file === undefined ? [] : { ...file, name, path: join(folder, name) };
    }),
  };
}

function stamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
}

function digits(number: number): string {
  return String(number).padStart(8, '0');
}
