import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ElementDifference, FieldDifference } from '../../../src/comparison/difference.ts';
import type { FieldSpec, PredictionSpec, Source } from '../../../src/prediction/spec.ts';
import { compileRedaction } from '../../../src/recording/redact.ts';
import type { RedactSpec } from '../../../src/recording/spec.ts';

const nothing: RedactSpec = { paths: [], headers: [], patterns: [] };
const EMAIL = '[a-z]+@[a-z.]+';

function bodyOf(spec: Partial<RedactSpec>, text: string, isJson = true) {
  return compileRedaction({ ...nothing, ...spec }).body(Buffer.from(text), isJson);
}

const shown = (text: string, redacted: boolean) => ({ text, note: undefined, redacted });

describe('bodies', () => {
  test('values at paths are masked, whatever they are', () => {
    const paths = ['/user/email', '/items/*/id', '/a~1b'];
    const text = '{"user":{"email":{"at":"x"},"age":3},"items":[{"id":1,"n":1},{"id":[2],"n":2}],"a/b":true}';
    const masked = '{"user":{"email":"***","age":3},"items":[{"id":"***","n":1},{"id":"***","n":2}],"a/b":"***"}';
    expect(bodyOf({ paths }, text)).toEqual(shown(masked, true));
  });

  test('the empty path masks all of it', () => {
    expect(bodyOf({ paths: [''] }, '{"a":1}')).toEqual(shown('"***"', true));
  });

  test('patterns reach texts, names and numbers, also behind escapes', () => {
    const text = '{"to":"write \\u0062ob@x.org now","bob@x.org":1,"eve@x.org":2,"card":4111111111111111}';
    const masked = '{"to":"write *** now","***":1,"****":2,"card":"***"}';
    expect(bodyOf({ patterns: [EMAIL, '4[0-9]{15}'] }, text)).toEqual(shown(masked, true));
  });

  test('numbers that are not masked stay as they were written', () => {
    expect(bodyOf({ paths: ['/x'] }, '{"id": 12345678901234567890, "p": 1.0}')).toEqual(
      shown('{"id":12345678901234567890,"p":1.0}', false),
    );
  });

  test('of a name that is there twice, what a parser would not see is not shown', () => {
    expect(bodyOf({ paths: ['/a/b'] }, '{"a":{"b":"secret"},"a":1}').text).toBe('{"a":1}');
  });

  test('JSON that is cut off or broken is held back when there are rules, and shown when there are none', () => {
    const cut = '{"email":"bob@x.o';
    expect(bodyOf({ patterns: [EMAIL] }, cut)).toMatchObject({ text: '', redacted: true });
    expect(bodyOf({ paths: ['/email'] }, cut, false)).toMatchObject({ text: '', redacted: true });
    expect(bodyOf({ paths: ['/email'] }, cut).note).toBe(
      '17 bytes of JSON that cannot be read whole, so they cannot be redacted',
    );
    expect(bodyOf({}, cut)).toEqual(shown(cut, false));
  });

  test('text is masked by patterns, and by paths where it is JSON after all', () => {
    const spec = { paths: ['/email'], patterns: [EMAIL] };
    expect(bodyOf(spec, '{"email":"x"}', false)).toEqual(shown('{"email":"***"}', true));
    const events = 'event: token\ndata: {"email":"x","n":1}\n\ndata: {"email":"y\n\nfrom bob@x.org';
    expect(bodyOf(spec, events, false).text).toBe('event: token\ndata: {"email":"***","n":1}\n\ndata: ***\n\nfrom ***');
  });

  test('what is no text is only described', () => {
    const { body } = compileRedaction(nothing);
    expect(body(Buffer.from([0xff, 0xfe]), false)).toEqual({
      text: '',
      note: '2 bytes that are no text',
      redacted: false,
    });
    expect(body(Buffer.from('\u0000\u0012\u0003bob'), false).note).toBe('6 bytes that are no text');
  });

  test('nesting that no walk should follow is held back or masked', () => {
    const deep = `${'['.repeat(30_000)}"secret"${']'.repeat(30_000)}`;
    for (const isJson of [true, false]) {
      expect(bodyOf({ paths: ['/0/1'] }, deep, isJson).text).not.toContain('secret');
    }
    expect(bodyOf({ patterns: ['x'] }, `${'['.repeat(200)}"secret"${']'.repeat(200)}`).text).not.toContain('secret');
  });

  test('any JSON: no text below a redacted name is shown, and the rest is as it was', () => {
    const secret = fc.integer({ min: 0 }).map((n) => `secret-${n}`);
    const tree = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        secret.map((text) => ({ hidden: text })),
        fc.string().map((text) => text.replaceAll('secret', '')),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.record({ hidden: fc.array(secret), plain: tie('value'), 'a/b~c': tie('value') }, { requiredKeys: [] }),
      ),
    })).value;
    // a star a step, for every depth
    const paths = Array.from({ length: 12 }, (_, depth) => `${'/*'.repeat(depth)}/hidden`);
    const redaction = compileRedaction({ ...nothing, paths });
    fc.assert(
      fc.property(tree, fc.boolean(), (value, isJson) => {
        const { text, note } = redaction.body(Buffer.from(JSON.stringify(value)), isJson);
        expect(text).not.toContain('secret');
        expect(note).toBeUndefined();
        expect(JSON.parse(text)).toEqual(masked(JSON.parse(JSON.stringify(value))));
      }),
    );
  });

  test('any bytes: nothing throws, and no text that a pattern matches is shown', () => {
    const redaction = compileRedaction({ ...nothing, paths: ['/a'], patterns: ['secret[0-9]'] });
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .array(fc.constantFrom('secret1', '{"a":', '"', '}', '\n', 'data: ', '[', ']', 'x', '\\u0073ecret1'))
        .map((parts) => Buffer.from(parts.join(''))),
    );
    fc.assert(
      fc.property(bytes, fc.boolean(), (body, isJson) => {
        expect(redaction.body(body, isJson).text).not.toMatch(/secret[0-9]/);
      }),
    );
  });
});

function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, name === 'hidden' ? '***' : masked(part)]),
  );
}

test('headers: those named are masked, patterns reach the others', () => {
  const redaction = compileRedaction({ ...nothing, headers: ['X-Token'], patterns: [EMAIL] });
  expect(redaction.headers({ 'x-token': 'abc', 'x-user': 'bob@x.org', 'x-ms': '3' })).toEqual({
    'x-token': '***',
    'x-user': '***',
    'x-ms': '3',
  });
});

test('a path that is no JSON Pointer is refused', () => {
  expect(() => compileRedaction({ ...nothing, paths: ['email'] })).toThrow(
    'expected a JSON Pointer (empty, or with a leading /), found email',
  );
});

describe('which fields are hidden', () => {
  const place = (preset: PredictionSpec['preset'], at?: string) => ({ preset, batch: { at, key: undefined } });

  test.each<[string, string, Source, PredictionSpec['preset'], string | undefined, boolean]>([
    ['the value itself', '/score', { at: '/score' }, 'json', undefined, true],
    ['a part of it', '/user', { at: '/user/score' }, 'json', undefined, true],
    ['something that holds it', '/user/email', { at: '/user' }, 'json', undefined, true],
    ['another', '/email', { at: '/score' }, 'json', undefined, false],
    ['any item of a list', '/items/*/email', { at: '/items/0/email' }, 'json', undefined, true],
    ['the whole body', '', { at: '/score' }, 'json', undefined, true],
    ['an element of a batch', '/predictions/*/email', { at: '/email' }, 'kserve-v1', undefined, true],
    ['another place than the element', '/email', { at: '/email' }, 'kserve-v1', undefined, false],
    ['an output', '/outputs/*/data', { at: '/score' }, 'kserve-v2', undefined, true],
    ['a column', '/outputs/email', { at: '/email' }, 'tensorflow-serving', undefined, true],
    ['an element of a list of its own', '/rows/*/email', { at: '/email' }, 'json', '/rows', true],
    ['an element that a JSONPath selects', '/rows/*/email', { at: '/email' }, 'json', '$.rows[*]', true],
    ['another of them', '/rows/*/email', { at: '/score' }, 'json', '$.rows[*]', false],
    ['a list as the whole answer', '/0/email', { at: '/email' }, 'torchserve', undefined, true],
    ['a JSONPath', '/user/email', { at: "$.user['email']" }, 'json', undefined, true],
    ['another JSONPath', '/user/email', { at: '$.user.age' }, 'json', undefined, false],
    ['descendants, which may be it', '/user/email', { at: '$..x' }, 'json', undefined, true],
    ['descendants of another', '/user/email', { at: '$.scores[?@>1]' }, 'json', undefined, false],
    ['of the request', '/user/email', { request: '/user/email' }, 'kserve-v1', undefined, true],
  ])('%s', (_, path, source, preset, at, hidden) => {
    expect(compileRedaction({ ...nothing, paths: [path] }).hides(source, place(preset, at))).toBe(hidden);
  });

  test('by header and trailer, never the status', () => {
    const { hides } = compileRedaction({ ...nothing, headers: ['x-token'], paths: [''] });
    expect(hides({ header: 'x-token' }, undefined)).toBe(true);
    expect(hides({ trailer: 'x-token' }, undefined)).toBe(true);
    expect(hides({ header: 'x-other' }, undefined)).toBe(false);
    expect(hides({ status: true }, undefined)).toBe(false);
  });
});

describe('differences', () => {
  const number: FieldSpec = { name: 'score', source: { at: '/score' }, compare: { kind: 'number', abs: 0, rel: 0 } };
  const label: FieldSpec = {
    name: 'label',
    source: { at: '/label' },
    compare: { kind: 'class', threshold: undefined, amount: { at: '/amount' } },
  };
  const prediction: PredictionSpec = {
    preset: 'kserve-v1',
    batch: { at: undefined, key: '/id' },
    fields: [number, label],
    timings: { featureFetch: undefined },
  };
  const element: ElementDifference = {
    key: 'bob@x.org',
    agree: false,
    missing: { reference: undefined, candidate: undefined },
    reference: 10,
    candidate: 20,
    measures: { difference: 10, ratio: 2 },
    amount: undefined,
  };
  const field = (
    name: string,
    kind: FieldDifference['kind'],
    changes: Partial<ElementDifference>,
  ): FieldDifference => ({
    ...{ name, kind, compared: true, agree: false, cut: 0 },
    elements: [{ ...element, ...changes }],
  });
  const fields = [
    field('score', 'number', {}),
    field('label', 'class', { reference: 'bob@x.org', candidate: 'eve', measures: {}, amount: 5 }),
  ];

  test('a hidden value goes with its ratio, of which it could be reckoned; agreement and difference stay', () => {
    const redaction = compileRedaction({ ...nothing, paths: ['/predictions/*/score'] });
    expect(redaction.difference(fields, prediction)).toEqual([
      field('score', 'number', { reference: undefined, candidate: undefined, measures: { difference: 10 } }),
      fields[1],
    ]);
  });

  test('hidden keys and amounts go, and patterns reach keys and texts', () => {
    const hidden = compileRedaction({ ...nothing, paths: ['/predictions/*/id', '/predictions/*/amount'] });
    expect(hidden.difference(fields, prediction).map(({ elements }) => elements[0])).toEqual([
      { ...element, key: undefined },
      { ...fields[1]?.elements[0], key: undefined, amount: undefined },
    ]);
    const patterns = compileRedaction({ ...nothing, patterns: [EMAIL] });
    expect(patterns.difference(fields, prediction)[1]?.elements[0]).toMatchObject({
      key: '***',
      reference: '***',
      candidate: 'eve',
    });
  });

  test('any values: nothing throws, and no text that a pattern matches is shown', () => {
    const redaction = compileRedaction({ ...nothing, patterns: ['secret[0-9]'] });
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('secret1', 'a secret2 b'));
    const value = fc.anything({ key: text, values: [text, fc.double(), fc.boolean(), fc.constant(null)] });
    fc.assert(
      fc.property(value, text, (any, key) => {
        const [shown] = redaction.difference(
          [field('label', 'json', { reference: any, candidate: any, key })],
          prediction,
        );
        expect(JSON.stringify(shown)).not.toMatch(/secret[0-9]/);
      }),
    );
  });

  test('without a rule that touches them they are handed on as they are', () => {
    expect(compileRedaction(nothing).difference(fields, prediction)).toBe(fields);
    expect(compileRedaction({ ...nothing, paths: ['/other'] }).difference(fields, prediction)).toBe(fields);
  });
});
