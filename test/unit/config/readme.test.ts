import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse.ts';

test('the example in README.md is a good configuration, whose plan has no stage that nobody judges', () => {
  const readme = readFileSync(resolve(import.meta.dirname, '../../../README.md'), 'utf8');
  const [, example] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? [];
  const { config } = parseConfig(example ?? '', 'README.md');
  expect(config.rollouts.map(({ name, stages }) => [name, stages.length])).toEqual([['flight-delay', 5]]);
});
