/** What is known to be right, and how popular items are: for rankings. */
import { readFileSync, statSync } from 'node:fs';
import type { Popularity } from '../comparison/ranking.ts';

/** By id of the request: the items that were relevant to it. */
export type Labels = ReadonlyMap<string, ReadonlySet<string>>;

const MAX_FILE_BYTES = 512 * 1024 * 1024;

/** What is wrong in a file that a person gave; its message names file and line, what was expected and found. */
export class LabelError extends Error {
  override readonly name = 'LabelError';
}

/** JSON lines `{"id": "<32 hex>", "relevant": ["item", 7]}`; the last line of an id counts. Throws LabelError. */
export function readLabels(file: string): Labels {
  const expected = '{"id": "...", "relevant": [items]}';
  return new Map(
    lines(file).map(([line, text]) => {
      const found = parsed(file, line, text, expected);
      const { id, relevant } = found as { id?: unknown; relevant?: unknown };
      if (typeof id !== 'string' || !Array.isArray(relevant) || !relevant.every(isItem)) {
        throw new LabelError(`${file}:${line}: expected ${expected}, found ${shown(text)}`);
      }
      return [id, new Set(relevant.map(String))];
    }),
  );
}

/** JSON `{"users": 1000, "seen": {"item": 12}}`: how many users there are, and how many of them met an item. Throws LabelError. */
export function readPopularity(file: string): Popularity {
  const text = read(file);
  const expected = '{"users": a whole number above 0, "seen": {"item": how many of them, ...}}';
  let found: { users?: unknown; seen?: unknown } | undefined;
  try {
    found = JSON.parse(text);
  } catch {
    // said below
  }
  const { users, seen } = found ?? {};
  const isCount = (value: unknown) => typeof value === 'number' && Number.isInteger(value) && value >= 0;
  const good =
    isCount(users) &&
    users !== 0 &&
    isObject(seen) &&
    Object.values(seen).every((met) => isCount(met) && met <= Number(users));
  if (!good) throw new LabelError(`${file}: expected ${expected}, found ${shown(text)}`);
  return { users: Number(users), seen: new Map(Object.entries(seen)) };
}

function isObject(value: unknown): value is Record<string, number> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isItem(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function lines(file: string): [number, string][] {
  return read(file)
    .split('\n')
    .flatMap((line, index): [number, string][] => (line.trim() === '' ? [] : [[index + 1, line]]));
}

function read(file: string): string {
  try {
    const bytes = statSync(file).size;
    if (bytes > MAX_FILE_BYTES) throw new Error(`it has ${bytes} bytes, and ${MAX_FILE_BYTES} is the most`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new LabelError(`${file}: expected a file that can be read: ${(error as Error).message}`);
  }
}

function parsed(file: string, line: number, text: string, expected: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // said below
  }
  throw new LabelError(`${file}:${line}: expected ${expected}, found ${shown(text)}`);
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
