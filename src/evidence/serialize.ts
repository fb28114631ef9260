/** A cell as compact JSON: what is a map is a flat list of keys and values, bins in order; what is empty is left out. */
import type { Arm } from '../routing/snapshot.ts';
import { emptyArm, emptyField, emptyPair } from './merge.ts';
import { fail, readCount, readList, readNumber, readObject, readPairs, readText, writeNumber } from './reader.ts';
import { MAX_BINS } from './sketch.ts';
import type { ArmSums, Cell, CellKey, Counts, FieldSums, PairSums, SideSums, Sketch } from './sums.ts';

const KINDS: readonly string[] = ['number', 'class', 'vector', 'ranking', 'set', 'text', 'json'];

export function cellToJson(cell: Cell): string {
  const { rollout, release, weightBp, arm, shadow, segment, segmentValue } = cell.key;
  const key = [rollout, release, weightBp, arm, shadow, segment, segmentValue];
  return JSON.stringify('pair' in cell ? { key, pair: packed(cell.pair) } : { key, arm: packed(cell.arm) });
}

/** Throws Error, saying where, when the text is not what cellToJson wrote. */
export function cellFromJson(text: string): Cell {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return fail('cell', 'JSON', text);
  }
  const cell = readObject(json, 'cell');
  const key = readKey(cell.key, 'cell.key');
  if (cell.pair !== undefined) return { key, pair: unpack<PairSums>(emptyPair(), cell.pair, 'cell.pair') };
  if (cell.arm !== undefined) return { key, arm: unpack<ArmSums>(emptyArm(), cell.arm, 'cell.arm') };
  return fail('cell', 'a key and `arm` or `pair`', json);
}

function readKey(json: unknown, place: string): CellKey {
  const [rollout, release, weightBp, arm, shadow, segment, segmentValue] = readList(json, place, 7);
  if (arm !== 'stable' && arm !== 'canary') fail(`${place}[3]`, '`stable` or `canary`', arm);
  return {
    rollout: readText(rollout, `${place}[0]`),
    release: readText(release, `${place}[1]`),
    weightBp: readCount(weightBp, `${place}[2]`),
    arm: arm as Arm,
    shadow: readText(shadow, `${place}[4]`),
    segment: readText(segment, `${place}[5]`),
    segmentValue: readText(segmentValue, `${place}[6]`),
  };
}

type Sums = ArmSums | PairSums | SideSums | FieldSums | FieldSums['noise'];

/** By the form of each value: number, sketch, map, or an object of these. */
function packed(sums: Sums): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(sums).flatMap(([name, value]) => {
      const json = packedValue(value);
      return json === undefined ? [] : [[name, json]];
    }),
  );
}

function packedValue(value: unknown): unknown {
  if (typeof value === 'number') return value === 0 ? undefined : writeNumber(value);
  if (typeof value === 'string') return value;
  if (value instanceof Map) {
    const none = (held: unknown) => (typeof held === 'number' ? 0 : {});
    return value.size === 0 ? undefined : [...value].flatMap(([key, held]) => [key, packedValue(held) ?? none(held)]);
  }
  if (isSketch(value)) return packedSketch(value);
  const json = packed(value as Sums);
  return Object.keys(json).length === 0 ? undefined : json;
}

function isSketch(value: unknown): value is Sketch {
  return typeof value === 'object' && value !== null && 'alpha' in value;
}

/** alpha, over; and where there are values count, sum, sum of squares, min, max, zero, positive, negative. */
function packedSketch({ alpha, over, count, sum, sumOfSquares, min, max, zero, positive, negative }: Sketch): unknown {
  const flat = (map: ReadonlyMap<number, number>) => [...map].sort(([one], [other]) => one - other).flat();
  if (count === 0) return [alpha, flat(over)];
  const numbers = [count, sum, sumOfSquares, min, max, zero].map(writeNumber);
  return [alpha, flat(over), ...numbers, flat(positive), flat(negative)];
}

const readBins = readPairs<number, number>((json, place) => {
  return Number.isSafeInteger(json) && Math.abs(json as number) < 2 ** 31
    ? (json as number)
    : fail(place, 'a bin', json);
}, readCount);
const readOver = readPairs(readNumber, readCount);

function readSketch(json: unknown, place: string): Sketch {
  const list = readList(json, place);
  if (list.length !== 2 && list.length !== 10) fail(place, 'a sketch: a list of 2 or 10', json);
  const numberAt = (index: number, none: number) =>
    list.length === 2 ? none : readNumber(list[index], `${place}[${index}]`);
  const countAt = (index: number) => (list.length === 2 ? 0 : readCount(list[index], `${place}[${index}]`));
  const binsAt = (index: number) => (list.length === 2 ? new Map() : readBins(list[index], `${place}[${index}]`));
  const alpha = readNumber(list[0], `${place}[0]`);
  if (!(alpha > 0 && alpha < 1)) fail(`${place}[0]`, 'alpha between 0 and 1', list[0]);
  const sketch: Sketch = {
    alpha,
    over: readOver(list[1], `${place}[1]`),
    count: countAt(2),
    sum: numberAt(3, 0),
    sumOfSquares: numberAt(4, 0),
    min: numberAt(5, Number.POSITIVE_INFINITY),
    max: numberAt(6, Number.NEGATIVE_INFINITY),
    zero: countAt(7),
    positive: binsAt(8),
    negative: binsAt(9),
  };
  checkBins(sketch, place);
  return sketch;
}

function checkBins({ count, zero, positive, negative }: Sketch, place: string): void {
  let inBins = zero;
  for (const store of [positive, negative]) {
    if (store.size > MAX_BINS) fail(place, `at most ${MAX_BINS} bins`, store.size);
    for (const held of store.values()) inBins += held;
  }
  if (inBins !== count) fail(place, `${count} values in the bins`, inBins);
}

/** `empty` says which form each value has; what the JSON leaves out stays empty, what it has more is an error. */
function unpack<Type extends Sums>(empty: Type, json: unknown, place: string): Type {
  const given = readObject(json, place);
  const form = empty as unknown as Record<string, unknown>;
  const result: Record<string, unknown> = { ...form };
  for (const [name, value] of Object.entries(given)) {
    const at = `${place}.${name}`;
    if (!Object.hasOwn(form, name)) fail(at, `one of ${Object.keys(form).join(', ')}`, value);
    result[name] = unpackValue(name, form[name], value, at);
  }
  return result as unknown as Type;
}

function unpackValue(name: string, form: unknown, json: unknown, place: string): unknown {
  if (typeof form === 'number') return name === 'flippedAmount' ? readNumber(json, place) : readCount(json, place);
  if (typeof form === 'string') return readText(json, place);
  if (form instanceof Map) return MAPS[name]?.(json, place) ?? fail(place, 'a known map', json);
  if (isSketch(form)) return readSketch(json, place);
  if (name === 'reference' || name === 'candidate' || name === 'noise') return unpack(form as Sums, json, place);
  return readCounts(json, place);
}

function readCounts(json: unknown, place: string): Counts<string> {
  return Object.fromEntries(
    Object.entries(readObject(json, place)).map(([name, count]) => [name, readCount(count, `${place}.${name}`)]),
  );
}

function readField(json: unknown, place: string): FieldSums {
  const { name, kind } = readObject(json, place);
  if (!KINDS.includes(readText(kind, `${place}.kind`))) fail(`${place}.kind`, `one of ${KINDS.join(', ')}`, kind);
  return unpack(emptyField(readText(name, `${place}.name`), kind as FieldSums['kind']), json, place);
}

function readOutput(json: unknown, place: string): { same: number; compared: number } {
  const { same, compared } = readObject(json, place);
  return { same: readCount(same ?? 0, `${place}.same`), compared: readCount(compared ?? 0, `${place}.compared`) };
}

/** By the name of the map. */
const MAPS: Readonly<Record<string, (json: unknown, place: string) => unknown>> = {
  missing: readPairs(readText, readCounts),
  values: readPairs(readText, readSketch),
  measures: readPairs(readText, readSketch),
  outputs: readPairs(readText, readOutput),
  fields: readPairs(readText, readField),
  confusion: readPairs(readText, readCount),
};
