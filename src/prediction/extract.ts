/** From an answer to what it predicts. Pure. */
import type { Answer, CapturedBody } from './answer.ts';
import { answerFault } from './fault.ts';
import { type CompiledPath, compilePath } from './path.ts';
import type { Element, Extracted, Missing, Prediction } from './prediction.ts';
import { type Elements, elementsOf, listed } from './presets.ts';
import { type ReadBody, readJson } from './read-json.ts';
import { compileSource, type Lookup, type Place } from './source.ts';
import type { FieldSpec, PredictionSpec, Source } from './spec.ts';
import { compileTiming } from './timing.ts';
import { MAX_NAME_LENGTH, nameOf } from './values.ts';

export interface Extractor {
  /** `request`: what the model was asked, where it was captured. Never throws, whatever the bodies are. */
  extract(answer: Answer, request: CapturedBody | undefined): Prediction;
}

/** Paths are compiled here, once. Throws an error that names the path when one is none. */
export function compileExtractor(spec: PredictionSpec): Extractor {
  const fields = spec.fields.map(compileField);
  const { featureFetch } = spec.timings;
  const timing = featureFetch && compileTiming(featureFetch);
  const elementsIn = compileBatch(spec);
  const keyPath = spec.batch.key === undefined ? undefined : compilePath(spec.batch.key);
  const readsBody = fields.some((field) => field.readsBody);
  const timesBody = featureFetch !== undefined && 'at' in featureFetch.source;
  const readsRequest = sourcesOf(spec).some((source) => 'request' in source);

  return {
    extract(answer, requestBody) {
      const fault = answerFault(answer);
      const body: ReadBody | undefined =
        fault === undefined && (readsBody || timesBody) ? readJson(answer.body) : undefined;
      const request = readsRequest ? readJson(requestBody) : undefined;
      const featureFetchMs = timing?.(answer, jsonOf(body), jsonOf(request));
      const place: Place = { answer, fault, element: undefined, request };
      if (!readsBody) {
        const whole = { key: undefined, fields: fieldsOf(fields, place, new Map()) };
        return { missing: fault, elements: [whole], cut: 0, featureFetchMs };
      }
      const found = fault ?? inBody(body, elementsIn);
      if (typeof found === 'string') return { missing: found, elements: [], cut: 0, featureFetchMs };
      const alike = new Map<CompiledField, Extracted>();
      const elements = found.elements.map((element): Element => {
        return { key: keyPath && keyOf(keyPath, element), fields: fieldsOf(fields, { ...place, element }, alike) };
      });
      return { missing: undefined, elements, cut: found.cut, featureFetchMs };
    },
  };
}

interface CompiledField {
  readonly name: string;
  /** Its value or its amount is in the answer's body. */
  readonly readsBody: boolean;
  readonly lookup: Lookup;
}

function compileField({ name, source, compare }: FieldSpec): CompiledField {
  const value = compileSource(source, compare);
  const amountSource = compare.kind === 'class' ? compare.amount : undefined;
  if (amountSource === undefined) return { name, readsBody: 'at' in source, lookup: value };
  const amount = compileSource(amountSource, { kind: 'number', abs: 0, rel: 0 });
  return {
    name,
    readsBody: 'at' in source || 'at' in amountSource,
    lookup: (place) => {
      const extracted = value(place);
      if ('missing' in extracted) return extracted;
      const worth = amount(place);
      return 'value' in worth ? { value: extracted.value, amount: worth.value as number } : extracted;
    },
  };
}

/** `alike`: what was found of those fields that are the same for every element. */
function fieldsOf(
  fields: readonly CompiledField[],
  place: Place,
  alike: Map<CompiledField, Extracted>,
): Readonly<Record<string, Extracted>> {
  const found: Record<string, Extracted> = {};
  for (const field of fields) {
    let extracted = field.readsBody ? field.lookup(place) : alike.get(field);
    if (extracted === undefined) {
      extracted = field.lookup(place);
      alike.set(field, extracted);
    }
    // plain assignment would make a field of this name the prototype
    if (field.name === '__proto__')
      Object.defineProperty(found, field.name, { value: extracted, enumerable: true, configurable: true });
    else found[field.name] = extracted;
  }
  return found;
}

/** Where `batch.at` leads, else where the preset looks. */
function compileBatch({ preset, batch: { at } }: PredictionSpec): (json: unknown) => Elements | undefined {
  if (at === undefined) return (json) => elementsOf(preset, json);
  const { many, find } = compilePath(at);
  return (json) => {
    const found = find(json);
    return many && (found as unknown[]).length === 0 ? undefined : listed(found);
  };
}

function inBody(body: ReadBody | undefined, elementsIn: (json: unknown) => Elements | undefined): Elements | Missing {
  if (body === undefined) return 'not-captured';
  return 'missing' in body ? body.missing : (elementsIn(body.json) ?? 'no-elements');
}

function jsonOf(body: ReadBody | undefined): unknown {
  return body !== undefined && 'json' in body ? body.json : undefined;
}

/** Undefined: it has none, or none that could be one. */
function keyOf({ many, find }: CompiledPath, element: unknown): string | undefined {
  const found = find(element);
  const matches = many ? (found as unknown[]) : [found];
  const name = matches.length === 1 ? nameOf(matches[0]) : undefined;
  return name !== undefined && name.length <= MAX_NAME_LENGTH ? name : undefined;
}

function sourcesOf({ fields, timings: { featureFetch } }: PredictionSpec): Source[] {
  const ofFields = fields.flatMap(({ source, compare }) =>
    compare.kind === 'class' && compare.amount !== undefined ? [source, compare.amount] : [source],
  );
  return featureFetch === undefined ? ofFields : [...ofFields, featureFetch.source];
}
