import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exposition, type Family } from '../../../src/metrics/exposition.ts';
import { readExposition } from './read-exposition.ts';

const family = (changes: Partial<Family>): Family => ({
  ...{ name: 'understudy_x', type: 'gauge', help: '', samples: [] },
  ...changes,
});

test('a family is its help, its type and a line for each sample', () => {
  const samples = [
    { labels: { arm: 'stable', reason: 'hash' }, value: 3 },
    { suffix: '_count', value: 1e-6 },
  ];
  expect(exposition([family({ help: 'What\nit is', samples })])).toBe(
    '# HELP understudy_x What\\nit is\n# TYPE understudy_x gauge\n' +
      'understudy_x{arm="stable",reason="hash"} 3\nunderstudy_x_count 0.000001\n',
  );
});

test('any label value, help and number comes back as it went in', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('\\', '"', '\n', '{', ',', 'n', ' ') }),
  );
  fc.assert(
    fc.property(nasty, fc.array(nasty, { maxLength: 4 }), fc.double(), (help, values, value) => {
      const labels = Object.fromEntries(values.map((text, index) => [`l${index}`, text]));
      const [read] = readExposition(exposition([family({ help, samples: [{ labels, value }] })])).values();
      expect(read?.help).toBe(help);
      expect(read?.samples).toEqual([{ name: 'understudy_x', labels, value: Object.is(value, -0) ? 0 : value }]);
    }),
  );
});

test.each([
  ['no end', 'x 1'],
  ['a sample without a type', 'x 1\n'],
  ['a family twice', '# HELP x a\n# TYPE x gauge\n# HELP x a\n# TYPE x gauge\n'],
  ['a series twice', '# HELP x a\n# TYPE x gauge\nx{a="1",b="2"} 1\nx{b="2",a="1"} 1\n'],
  ['a raw quote', '# HELP x a\n# TYPE x gauge\nx{a="""} 1\n'],
  ['a raw backslash', '# HELP x a\n# TYPE x gauge\nx{a="\\d"} 1\n'],
  ['no number', '# HELP x a\n# TYPE x gauge\nx undefined\n'],
])('the reader of these tests refuses %s', (_, text) => {
  expect(() => readExposition(text)).toThrow();
});
