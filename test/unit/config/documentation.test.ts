import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

interface Form {
  readonly properties?: Readonly<Record<string, Form>>;
  readonly additionalProperties?: Form | boolean;
  readonly required?: readonly string[];
  readonly items?: Form;
  readonly oneOf?: readonly Form[];
  readonly anyOf?: readonly Form[];
  readonly definitions?: { readonly condition: Form; readonly field: Form };
  readonly default?: unknown;
}

interface Key {
  readonly path: string;
  readonly form: Form;
  readonly required: boolean;
  /** One of several maps with one key each. */
  readonly alternative: boolean;
}

const docs = resolve(import.meta.dirname, '../../../docs');
const schema: Form = JSON.parse(readFileSync(join(docs, 'understudy.schema.json'), 'utf8'));

function keysOf(form: Form, at: string, alternative = false): Key[] {
  const named = Object.entries(form.properties ?? {}).flatMap(([name, inner]) => {
    const path = at === '' ? name : `${at}.${name}`;
    return [
      { path, form: inner, required: form.required?.includes(name) ?? false, alternative },
      ...keysOf(inner, path),
    ];
  });
  const choices = [...(form.oneOf ?? []), ...(form.anyOf ?? [])].filter(() => form.properties === undefined);
  return [
    ...named,
    ...(form.items ? keysOf(form.items, `${at}[]`) : []),
    ...(typeof form.additionalProperties === 'object' ? keysOf(form.additionalProperties, `${at}.NAME`) : []),
    // a map of several keys beside a short form has its own defaults
    ...choices.flatMap((inner) => keysOf(inner, at, Object.keys(inner.properties ?? {}).length < 2)),
  ];
}

const $schema = 'http://json-schema.org/draft-07/schema#';
const { condition = {}, field = {} } = schema.definitions ?? {};
const keys = [...keysOf(schema, ''), ...keysOf(condition, 'CONDITION'), ...keysOf(field, 'FIELD')];

const rows = readFileSync(join(docs, 'configuration.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => {
    const [path = '', type = '', byDefault = '', says = '', example = ''] = line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim());
    return { path: path.slice(1, -1), type, byDefault, says, example };
  });

test('every key of the form is documented, once, and no other', () => {
  expect(rows.map(({ path }) => path).sort()).toEqual(keys.map(({ path }) => path).sort());
});

test.each(rows)(
  '$path has its type, its default and an example that fits',
  ({ path, type, byDefault, says, example }) => {
    const key = keys.find((candidate) => candidate.path === path);
    if (key === undefined) throw new Error(`${path} is no key`);
    expect([type, says]).not.toContain('');
    if (key.form.default !== undefined) {
      const written = typeof key.form.default === 'string' ? key.form.default : JSON.stringify(key.form.default);
      expect(byDefault).toBe(`\`${written}\``);
    } else if (key.alternative) expect(byDefault).toMatch(/^one of (two|three|four|seven)$/);
    else expect(byDefault === 'required').toBe(key.required);

    const value = parse(/^`(.+)`$/.exec(example)?.[1] ?? '');
    expect(value).not.toBeNull();
    const validator = z.fromJSONSchema({ $schema, ...key.form, definitions: { condition, field } } as never);
    expect(validator.safeParse(value).success).toBe(true);
  },
);
