/** What `redact:` says, made unreadable before anything is stored or shown. Pure; nothing here throws but compiling. */
import { isUtf8 } from 'node:buffer';
import { RE2JS } from 're2js';
import type { ElementDifference, FieldDifference } from '../comparison/difference.ts';
import type { PredictionSpec, Source } from '../prediction/spec.ts';
import { isNumberText, parseExactly } from './exact-json.ts';
import { type ElementPlace, mayTouch, pointerSteps } from './redact-path.ts';
import type { RedactSpec } from './spec.ts';

export const MASK = '***';

/** Either `text`, or a `note` that says why there is none. */
export interface RedactedText {
  readonly text: string;
  /** Undefined: `text` is what may be shown. */
  readonly note: string | undefined;
  /** Something was made unreadable, or all of it held back. */
  readonly redacted: boolean;
}

export interface Redaction {
  /** Nothing is to be redacted. */
  readonly isEmpty: boolean;
  /**
   * A decoded body as text. JSON: values at paths are masked, patterns are applied to every text, number and key; JSON
   * that cannot be read whole (cut off, broken) is held back, for a path cannot be found in it. Other text: patterns, and
   * in lines that are JSON (also behind `data:`) as in JSON. Bytes that are no text are only described.
   */
  body(bytes: Uint8Array, isJson: boolean): RedactedText;
  /** Patterns only. */
  text(text: string): RedactedText;
  /** Names in lower case. */
  headers(headers: Readonly<Record<string, string>>): Record<string, string>;
  /** A value taken from there is, holds, or is part of something redacted: it must not be stored or shown. */
  hides(source: Source, place: ElementPlace | undefined): boolean;
  /**
   * Fields without the values that are hidden: a hidden field keeps whether it agrees, why a value is missing, and its
   * measures but `ratio`, of which together with `difference` both values could be reckoned. Patterns are applied to texts.
   */
  difference(fields: readonly FieldDifference[], prediction: PredictionSpec | undefined): readonly FieldDifference[];
  /** Names of the fields whose values are hidden. */
  hiddenFields(prediction: PredictionSpec): ReadonlySet<string>;
}

interface Node {
  readonly children: Map<string, Node>;
  any: Node | undefined;
  /** The value here is redacted. */
  end: boolean;
}

/** Deeper JSON is masked: no model answers like that, and a walk must end. */
const MAX_DEPTH = 100;
/** Control characters but tab, line feed and carriage return: what holds them is no text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const BINARY = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;
const JSON_LINE = /^(\s*(?:data:)?\s*)([[{].*)$/s;

/** Throws RE2JSException on a pattern that RE2 does not know, and Error on a path that is no JSON Pointer. */
export function compileRedaction(spec: RedactSpec): Redaction {
  const paths = spec.paths.map((path) => {
    const steps = pointerSteps(path);
    if (steps === undefined) throw new Error(`expected a JSON Pointer (empty, or with a leading /), found ${path}`);
    return steps;
  });
  const root = treeOf(paths);
  const hiddenHeaders = new Set(spec.headers.map((name) => name.toLowerCase()));
  const patterns = spec.patterns.map((pattern) => RE2JS.compile(pattern));
  const isEmpty = paths.length + patterns.length + hiddenHeaders.size === 0;
  const changesBodies = paths.length + patterns.length > 0;
  const hiddenBy = new WeakMap<PredictionSpec, Hidden>();

  const mask = (text: string) => patterns.reduce((rest, pattern) => pattern.matcher(rest).replaceAll(MASK), text);

  function text(original: string): RedactedText {
    const masked = mask(original);
    return { text: masked, note: undefined, redacted: masked !== original };
  }

  function walk(value: unknown, nodes: readonly Node[], depth: number): unknown {
    if (nodes.some(({ end }) => end) || depth > MAX_DEPTH) return MASK;
    if (typeof value === 'string') return mask(value);
    if (typeof value === 'number' || isNumberText(value)) {
      const digits = typeof value === 'number' ? String(value) : value.rawJSON;
      return patterns.length > 0 && mask(digits) !== digits ? MASK : value;
    }
    if (Array.isArray(value)) return value.map((item, at) => walk(item, below(nodes, String(at)), depth + 1));
    if (typeof value !== 'object' || value === null) return value;
    const taken = new Set<string>();
    return Object.fromEntries(
      Object.entries(value).map(([name, part]) => {
        let masked = mask(name);
        // two names that a pattern made the same stay two
        while (taken.has(masked)) masked += '*';
        taken.add(masked);
        return [masked, walk(part, below(nodes, name), depth + 1)];
      }),
    );
  }

  /** Written anew even when nothing is masked: of a name that is there twice, the walk sees the last only. */
  function json(original: string): RedactedText | undefined {
    const value = parseExactly(original);
    if (value === undefined) return undefined;
    const masked = JSON.stringify(walk(value, [root], 0));
    return { text: masked, note: undefined, redacted: masked !== JSON.stringify(value) };
  }

  function lines(original: string): RedactedText {
    const masked = original
      .split('\n')
      .map((line) => {
        const [, before = '', rest = ''] = (paths.length > 0 && JSON_LINE.exec(line)) || [];
        return rest === '' ? mask(line) : before + (json(rest)?.text ?? MASK);
      })
      .join('\n');
    // a pattern may reach over lines
    const whole = mask(masked);
    return { text: whole, note: undefined, redacted: whole !== original };
  }

  function hides(source: Source, place: ElementPlace | undefined): boolean {
    if ('status' in source) return false;
    if ('header' in source) return hiddenHeaders.has(source.header);
    if ('trailer' in source) return hiddenHeaders.has(source.trailer);
    if ('request' in source) return paths.some((steps) => mayTouch(steps, source.request, undefined));
    return paths.some((steps) => mayTouch(steps, source.at, place));
  }

  function hiddenOf(prediction: PredictionSpec): Hidden {
    let hidden = hiddenBy.get(prediction);
    if (hidden === undefined) {
      const { batch, fields } = prediction;
      hidden = {
        key: batch.key !== undefined && hides({ at: batch.key }, prediction),
        values: new Set(fields.filter(({ source }) => hides(source, prediction)).map(({ name }) => name)),
        amounts: new Set(
          fields
            .filter(({ compare }) => compare.kind === 'class' && compare.amount && hides(compare.amount, prediction))
            .map(({ name }) => name),
        ),
      };
      hiddenBy.set(prediction, hidden);
    }
    return hidden;
  }

  return {
    isEmpty,
    body(bytes, isJson) {
      const note = (why: string, redacted: boolean) => ({ text: '', note: why, redacted });
      try {
        if (!isUtf8(bytes)) return note(`${bytes.length} bytes that are no text`, false);
        const original = new TextDecoder().decode(bytes);
        if (BINARY.test(original)) return note(`${bytes.length} bytes that are no text`, false);
        if (!changesBodies) return { text: original, note: undefined, redacted: false };
        // what does not call itself JSON may be it all the same
        const asJson = json(original);
        if (asJson !== undefined) return asJson;
        if (isJson || (paths.length > 0 && /^\s*[[{]/.test(original))) {
          return note(`${bytes.length} bytes of JSON that cannot be read whole, so they cannot be redacted`, true);
        }
        return lines(original);
      } catch {
        return note(`${bytes.length} bytes that could not be redacted`, true);
      }
    },
    text,
    headers: (headers) =>
      Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, hiddenHeaders.has(name) ? MASK : mask(value)]),
      ),
    hides,
    hiddenFields: (prediction) => (isEmpty ? NOTHING_HIDDEN.values : hiddenOf(prediction).values),
    difference(fields, prediction) {
      if (isEmpty || fields.length === 0) return fields;
      const hidden = prediction === undefined ? NOTHING_HIDDEN : hiddenOf(prediction);
      if (patterns.length === 0 && !hidden.key && hidden.values.size + hidden.amounts.size === 0) return fields;
      const shown = (value: unknown) => (patterns.length === 0 ? value : walk(value, [], 0));
      return fields.map((field) => ({
        ...field,
        elements: field.elements.map((element): ElementDifference => {
          const { reference, candidate, measures, amount, key } = element;
          const isHidden = hidden.values.has(field.name);
          const { ratio: _, ...rest } = measures;
          return {
            ...element,
            key: key === undefined || hidden.key ? undefined : mask(key),
            reference: isHidden ? undefined : shown(reference),
            candidate: isHidden ? undefined : shown(candidate),
            measures: isHidden ? rest : measures,
            amount: hidden.amounts.has(field.name) ? undefined : amount,
          };
        }),
      }));
    },
  };
}

interface Hidden {
  readonly key: boolean;
  readonly values: ReadonlySet<string>;
  readonly amounts: ReadonlySet<string>;
}

const NOTHING_HIDDEN: Hidden = { key: false, values: new Set(), amounts: new Set() };

function treeOf(paths: readonly (readonly string[])[]): Node {
  const root = newNode();
  for (const steps of paths) {
    let node = root;
    for (const step of steps) {
      if (step === '*') {
        node.any ??= newNode();
        node = node.any;
      } else {
        const next = node.children.get(step) ?? newNode();
        node.children.set(step, next);
        node = next;
      }
    }
    node.end = true;
  }
  return root;
}

function newNode(): Node {
  return { children: new Map(), any: undefined, end: false };
}

function below(nodes: readonly Node[], step: string): readonly Node[] {
  if (nodes.length === 0) return nodes;
  return nodes.flatMap(({ children, any }) => [children.get(step), any].filter((node) => node !== undefined));
}
