import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { scalar } from '../../../src/render/yaml.ts';

const text = fc.oneof(
  fc.stringMatching(/^[ -~]{1,8}$/),
  fc.stringMatching(/^[A-Za-z0-9./_-]{1,4}$/),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('e0', 'E-5', 'yes', 'No', '~', 'null', '.inf', '0x1f', '1_000', '12:30:45', '2001-03-01', '<<', '='),
);

test.each(['1.1', '1.2'] as const)('in YAML %s any text is read as it was, in block and in flow style', (version) => {
  fc.assert(
    fc.property(text, (value) => {
      expect(parse(`{ a: ${scalar(value)}, b: 1 }`, { version })).toEqual({ a: value, b: 1 });
      expect(parse(`a: ${scalar(value)}\nb: 1\n`, { version })).toEqual({ a: value, b: 1 });
    }),
    { numRuns: 2_000 },
  );
});

test.each(['ranker-v1', 'a.b_c', '/run/understudy/decide.sock', '10.0.0.1'])('%s needs no quotes', (value) => {
  expect(scalar(value)).toBe(value);
});
