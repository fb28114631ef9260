/** Builders of forms: zod types whose messages say what was expected; parse.ts adds what was found. */
import { z } from 'zod';
import { unknownKey } from './keys.ts';

/** A JSON Schema of a value, for editors. */
export type EditorForm = Readonly<Record<string, unknown>>;

type Path = readonly (string | number)[];

/** Where inside a value, and what about it. */
export interface Fault {
  readonly path?: Path;
  /** The key at the end of `path` is wrong, not its value. */
  readonly atKey?: boolean;
  /** The form does not have the key at the end of `path`; what was expected is the whole sentence. */
  readonly unknownKey?: boolean;
  /** Why; said after what was found. */
  readonly reason?: string;
  /** What was found may be a secret: it is not said. */
  readonly hidden?: boolean;
}

/** Says that a value, or what is at a path inside it, is wrong. */
export type Refuse = (expected: string, fault?: Fault) => undefined;

/** `parse` gives the value, or undefined after it has called `refuse`; `editor` is what zod cannot know of it. */
export function read<T>(parse: (value: unknown, refuse: Refuse) => T | undefined, editor: EditorForm) {
  return z
    .unknown()
    .transform((value, context): T => {
      const parsed = parse(value, (expected, { path = [], ...params } = {}) => {
        context.addIssue({ code: 'custom', message: expected, path: [...path], params });
        return undefined;
      });
      return parsed === undefined ? z.NEVER : parsed;
    })
    .meta(editor);
}

/** What `form` makes of a part of a value. */
export function readPart<T>(form: z.ZodType<T>, value: unknown, refuse: Refuse, path: Path = []): T | undefined {
  const parsed = form.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const { expected, ...fault } of parsed.error.issues.flatMap(faultsOf)) {
    refuse(expected, { ...fault, path: [...path, ...fault.path] });
  }
  return undefined;
}

/** What an issue of zod says in our words. */
export function faultsOf(issue: z.core.$ZodIssue): (Fault & { readonly path: Path; readonly expected: string })[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    const sentences = issue.message.split('\n');
    return issue.keys.map((key, i) => ({ path: [...path, key], unknownKey: true, expected: sentences[i] ?? '' }));
  }
  const custom: Fault = issue.code === 'custom' ? (issue.params ?? {}) : {};
  return [{ atKey: issue.code === 'invalid_key', ...custom, path, expected: issue.message }];
}

/** A map of these keys and no others. */
export function map<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const keys = Object.keys(shape);
  return z.strictObject(shape, {
    // one line for each key: zod makes one issue of all
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => unknownKey(key, keys)).join('\n')
        : `a map of ${keys.join(', ')}`,
  });
}

export function list<Item extends z.ZodType>(item: Item, expected: string) {
  return z.array(item, { error: `a list of ${expected}` });
}

const nameForm = /^[A-Za-z][\w-]{0,63}$/;

/** A map of names of the user's own to values. */
export function named<Value extends z.ZodType>(value: Value, what: string) {
  return z.record(z.string().regex(nameForm), value, {
    error: (issue) =>
      issue.code === 'invalid_key'
        ? `a ${what} name (a letter, then letters, digits, - and _; at most 64)`
        : `a map of ${what}s`,
  });
}

/** A single value stands for a list of one. */
export function oneOrMore<Item extends z.ZodType>(item: Item, expected: string) {
  const one = editorForm(item);
  return z
    .unknown()
    .transform((value) => (Array.isArray(value) ? value : [value]))
    .pipe(z.array(item).min(1, expected))
    .meta({ anyOf: [one, { type: 'array', items: one, minItems: 1 }] });
}

/** A map with one of these keys; `expected` says them all. */
export function oneOf<Shapes extends Readonly<Record<string, z.ZodType>>>(shapes: Shapes, expected: string) {
  type Alternatives = { [Key in keyof Shapes]: { readonly [K in Key]: z.output<Shapes[Key]> } };
  return read(
    (value, refuse): Alternatives[keyof Shapes] | undefined => {
      const entries = isMap(value) ? Object.entries(value) : [];
      const [[key, inner] = [], ...more] = entries;
      if (key === undefined || more.length > 0) return refuse(expected);
      const shape = Object.hasOwn(shapes, key) ? shapes[key] : undefined;
      if (shape === undefined) return refuse(unknownKey(key, Object.keys(shapes)), { path: [key], unknownKey: true });
      const read = readPart(shape, inner, refuse, [key]);
      return read === undefined ? undefined : ({ [key]: read } as Alternatives[keyof Shapes]);
    },
    { oneOf: Object.entries(shapes).map(([key, shape]) => editorMap(key, editorForm(shape))) },
  );
}

/** What editors are told of a map that has a key. */
export function editorHas(...keys: string[]): EditorForm {
  return { type: 'object', properties: Object.fromEntries(keys.map((key) => [key, {}])), required: keys };
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function editorMap(key: string, form: EditorForm): EditorForm {
  return { type: 'object', properties: { [key]: form }, required: [key], additionalProperties: false };
}

/** As people write it, which is not always what is read from it. */
export function editorForm(schema: z.ZodType): EditorForm {
  const { $schema: _, ...form } = z.toJSONSchema(schema, { io: 'input', target: 'draft-7' });
  return form;
}
