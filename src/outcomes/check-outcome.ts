/** Whether an outcome can be taken, and what is stored of it. Pure. */
import { createHash } from 'node:crypto';
import type { RolloutSnapshot, Snapshot, UnitSource } from '../routing/snapshot.ts';
import { hashUnit } from '../routing/unit-hash.ts';
import type { SaidOutcome } from './outcome.ts';
import { isUnitSampled } from './sample.ts';

export interface CheckedOutcome {
  /** 32 hex digits: equal ones are the same outcome. */
  readonly key: string;
  /** 32 hex digits, or undefined: by unit. */
  readonly id: string | undefined;
  readonly rollout: string;
  /** Keyed hashes; the unit is one of them. */
  readonly units: readonly string[];
  readonly name: string;
  /** `` = it is no truth. */
  readonly field: string;
  readonly value: number | string;
  readonly timeMs: number;
}

export interface CheckLimits {
  readonly nowMs: number;
  readonly keepMs: number;
  readonly sampleBp: number;
}

/** Clocks of those who say it may be ahead of ours. */
const AHEAD_MS = 60_000;
const MAX_CLASS = 256;
const MAX_KEY = 256;
const MAX_UNIT = 4_096;
const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;
const ID = /^[0-9a-f]{32}$/;
/** Of truths; nobody asks for it by name. */
const TRUTH = 'truth';

/** A text says why not. `unsampled`: its unit is not in the sample. */
export function checkOutcome(
  said: SaidOutcome,
  { unitKey, rollouts }: Pick<Snapshot, 'unitKey' | 'rollouts'>,
  { nowMs, keepMs, sampleBp }: CheckLimits,
): CheckedOutcome | 'unsampled' | { readonly refused: string } {
  const fault = faultOfWho(said) ?? faultOfWhat(said) ?? faultOfWhen(said, nowMs, keepMs);
  if (fault !== undefined) return { refused: fault };
  const timeMs = said.timeMs ?? nowMs;
  const rollout = rollouts.find(({ name }) => name === said.rollout);
  if (said.rollout !== '' && rollout === undefined) return { refused: `rollout: there is no ${shown(said.rollout)}` };
  let units: readonly string[] = [];
  if (said.id === '') {
    const sources = rollout === undefined ? [] : sourcesOf(rollout, said.unitSource);
    if (typeof sources === 'string') return { refused: sources };
    const all = sources.map((source) => hashUnit(unitKey, { source, value: said.unit }));
    units = all.filter((unit) => isUnitSampled(unit, sampleBp));
    if (units.length === 0) return 'unsampled';
  }
  const name = said.field === '' ? said.name : TRUTH;
  const who = said.id === '' ? [said.rollout, said.unitSource, said.unit] : said.id.toLowerCase();
  const key = said.key === '' ? [who, name, said.field, said.timeMs ?? null] : said.key;
  return {
    key: createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 32),
    id: said.id === '' ? undefined : said.id.toLowerCase(),
    rollout: said.rollout,
    units,
    name,
    field: said.field,
    value: said.value ?? 1,
    timeMs,
  };
}

function faultOfWho({ id, unit, rollout, unitSource }: SaidOutcome): string | undefined {
  if ((id === '') === (unit === '')) return 'id, unit: expected one of them';
  if (id !== '') return ID.test(id.toLowerCase()) ? undefined : `id: expected 32 hex digits, found ${shown(id)}`;
  if (unit.length > MAX_UNIT) return `unit: expected at most ${MAX_UNIT} characters, found ${unit.length}`;
  if (rollout === '') return 'rollout: expected one, as unit is given';
  if (unitSource !== '' && !/^(header|cookie|client):./.test(unitSource))
    return `unit_source: expected for example header:x-user-id, found ${shown(unitSource)}`;
  return undefined;
}

function faultOfWhat({ name, field, value, key }: SaidOutcome): string | undefined {
  if (key.length > MAX_KEY) return `key: expected at most ${MAX_KEY} characters, found ${key.length}`;
  if (typeof value === 'number' && !Number.isFinite(value)) return `number: expected a finite number, found ${value}`;
  if (field !== '') {
    if (name !== '' && name !== TRUTH)
      return `name: expected none or ${TRUTH}, as field is given, found ${shown(name)}`;
    if (value === undefined) return 'number, text: expected one of them, as field is given';
    if (field.length > MAX_CLASS) return `field: expected at most ${MAX_CLASS} characters, found ${field.length}`;
    if (typeof value === 'string' && value.length > MAX_CLASS)
      return `text: expected at most ${MAX_CLASS} characters, found ${value.length}`;
    return undefined;
  }
  if (name === TRUTH) return `field: expected the field that the ${TRUTH} is of`;
  if (!NAME.test(name)) return `name: expected a word of a-z, 0-9 and -, at most 64 characters, found ${shown(name)}`;
  return typeof value === 'string' ? 'number: expected a number, as no field is given, found a text' : undefined;
}

function faultOfWhen({ timeMs, unit, key }: SaidOutcome, nowMs: number, keepMs: number): string | undefined {
  if (timeMs === undefined) {
    return unit !== '' && key === '' ? 'time_ms, key: expected one with unit: a repeat could not be told' : undefined;
  }
  if (!Number.isSafeInteger(timeMs) || timeMs < 0) return `time_ms: expected milliseconds since 1970, found ${timeMs}`;
  if (timeMs > nowMs + AHEAD_MS) return `time_ms: expected no time to come, found ${iso(timeMs)}`;
  if (timeMs < nowMs - keepMs) return `time_ms: expected one since ${iso(nowMs - keepMs)} (keep), found ${iso(timeMs)}`;
  return undefined;
}

/** As decisions name them; a text says why not. */
function sourcesOf({ name, unit }: RolloutSnapshot, wanted: string): readonly string[] | string {
  if (unit.length === 0) return `unit: rollout ${shown(name)} has none`;
  const sources = unit.map(nameOfSource);
  if (wanted === '') return sources;
  const found = sources.find(
    (source) => source === wanted.toLowerCase().replace(':', ' ') || source === asSource(wanted),
  );
  return found === undefined ? `unit_source: rollout ${shown(name)} has none ${shown(wanted)}` : [found];
}

function asSource(wanted: string): string {
  return wanted === 'client:address' ? 'client address' : wanted.replace(':', ' ');
}

function nameOfSource(source: UnitSource): string {
  if ('header' in source) return `header ${source.header}`;
  return 'cookie' in source ? `cookie ${source.cookie}` : 'client address';
}

function iso(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}

function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}
