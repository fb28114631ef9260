/** Reads JSON of a known form. What is wrong is an Error that says where, what was expected and what was found. */

export type Read<Value> = (json: unknown, place: string) => Value;

export function fail(place: string, expected: string, found: unknown): never {
  const text = JSON.stringify(found) ?? 'nothing';
  throw new Error(`${place}: expected ${expected}, found ${text.length > 60 ? `${text.slice(0, 60)}...` : text}`);
}

export const readText: Read<string> = (json, place) => (typeof json === 'string' ? json : fail(place, 'a text', json));

/** A whole number from 0. */
export const readCount: Read<number> = (json, place) =>
  Number.isSafeInteger(json) && (json as number) >= 0 ? (json as number) : fail(place, 'a whole number from 0', json);

/** A number; those that JSON does not have are texts. */
export const readNumber: Read<number> = (json, place) => {
  if (typeof json === 'number') return json;
  if (json === 'Infinity' || json === '-Infinity' || json === 'NaN') return Number(json);
  return fail(place, 'a number', json);
};

export function writeNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

export function readList(json: unknown, place: string, length?: number): readonly unknown[] {
  if (Array.isArray(json) && (length === undefined || json.length === length)) return json;
  return fail(place, length === undefined ? 'a list' : `a list of ${length}`, json);
}

/** A map as a flat list of keys and values. */
export function readPairs<Key, Value>(readKey: Read<Key>, readValue: Read<Value>): Read<Map<Key, Value>> {
  return (json, place) => {
    const list = readList(json, place);
    if (list.length % 2 !== 0) fail(place, 'a list of keys and values', json);
    const map = new Map<Key, Value>();
    for (let i = 0; i < list.length; i += 2) {
      map.set(readKey(list[i], `${place}[${i}]`), readValue(list[i + 1], `${place}[${i + 1}]`));
    }
    return map;
  };
}

export function readObject(json: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
  return fail(place, 'an object', json);
}
