/** The geography database as control holds it: read at start, and again when its file changes. */
import { setTimeout as wait } from 'node:timers/promises';
import type { LookUpGeo } from '../routing/segments.ts';
import { readDatabase, versionOf } from './file.ts';
import { createLookUp, type Database } from './look-up.ts';

const LOOK_EVERY_MS = 1_000;

export interface Geography {
  /** The newest that could be read. */
  readonly database: Database;
  /** By the newest database. */
  readonly lookUp: LookUpGeo;
  stop(): void;
}

export interface GeographyPorts {
  readonly onReload: (database: Database) => void;
  /** The file changed and cannot be read, for `reason`; the database from before stays. Once for each change. */
  readonly onReloadFailure: (reason: string) => void;
  readonly lookEveryMs?: number;
}

/** Rejects, naming `file` and the reason, when it cannot be read or is no MaxMind database. */
export async function openGeography(file: string, ports: GeographyPorts): Promise<Geography> {
  let tried = await versionOf(file);
  let { database, lookUp } = await read(file);
  const stopping = new AbortController();
  void watch(ports.lookEveryMs ?? LOOK_EVERY_MS, stopping.signal);

  return {
    get database() {
      return database;
    },
    lookUp: (address, field) => lookUp(address, field),
    stop: () => stopping.abort(),
  };

  async function watch(everyMs: number, signal: AbortSignal): Promise<void> {
    let seen = tried;
    for (;;) {
      await wait(everyMs, undefined, { signal, ref: false }).catch(ignore);
      if (signal.aborted) return;
      const version = await versionOf(file);
      // the same at two looks, so nobody is still writing it
      if (version === seen && version !== tried) {
        tried = version;
        await reload();
      }
      seen = version;
    }
  }

  async function reload(): Promise<void> {
    try {
      ({ database, lookUp } = await read(file));
    } catch (error) {
      ports.onReloadFailure((error as Error).message);
      return;
    }
    ports.onReload(database);
  }
}

async function read(file: string): Promise<{ database: Database; lookUp: LookUpGeo }> {
  try {
    const database = await readDatabase(file);
    return { database, lookUp: createLookUp(database) };
  } catch (error) {
    throw new Error(`geoip.database ${file}: ${(error as Error).message}`);
  }
}

/** A wait that is aborted ends the watch. */
function ignore(): void {}
