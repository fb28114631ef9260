/** Where a replay is: kept in a file, so that it can be gone on with. */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** Goes up when an earlier file cannot be gone on with. */
const STATE_VERSION = 1;

/** All of it is of the rows before and with `lastId`, and of no other. */
export interface ReplayState<Sums> {
  /** Of what was asked for; another question cannot go on with it. */
  readonly question: string;
  /** Rows read from the recording's beginning. */
  readonly rows: number;
  /** Id of the last of them; `` = none. */
  readonly lastId: string;
  readonly sums: Sums;
}

/** The file is there and cannot be gone on with; its message says why. */
export class StateError extends Error {
  override readonly name = 'StateError';
}

/** Undefined when there is no file. Throws StateError. */
export function readState(file: string, question: string): ReplayState<unknown> | undefined {
  if (!existsSync(file)) return undefined;
  let found: Partial<ReplayState<unknown>> & { version?: unknown };
  try {
    found = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new StateError(`${file}: expected the state of a replay, found what cannot be read: ${error}`);
  }
  if (found?.version !== STATE_VERSION || typeof found.rows !== 'number' || typeof found.lastId !== 'string') {
    throw new StateError(`${file}: expected the state of a replay, version ${STATE_VERSION}, found something else`);
  }
  if (found.question !== question) {
    throw new StateError(
      `${file}: expected the state of this replay, found that of another: ${differences(String(found.question), question)}`,
    );
  }
  return { question, rows: found.rows, lastId: found.lastId, sums: found.sums };
}

/** In one step: whoever reads the file, after whatever crash, finds this state or the one before. */
export function writeState(file: string, state: ReplayState<unknown>): void {
  const fresh = `${file}.${process.pid}.new`;
  const handle = openSync(fresh, 'w', 0o600);
  try {
    writeFileSync(handle, JSON.stringify({ version: STATE_VERSION, ...state }));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(fresh, file);
}

/** Both are JSON maps; names what differs. */
function differences(found: string, asked: string): string {
  try {
    const [there, here] = [JSON.parse(found), JSON.parse(asked)];
    const names = Object.keys({ ...there, ...here });
    return names.filter((name) => JSON.stringify(there[name]) !== JSON.stringify(here[name])).join(', ');
  } catch {
    return 'of another version';
  }
}
