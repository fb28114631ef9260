import { expect, test } from 'vitest';
import { readOutcome } from '../../../src/cli/outcomes.ts';

const blank = { rollout: '', id: '', unit: '', unitSource: '', name: '', field: '', key: '' };

test('a line is an outcome; true is 1, and of a truth the class true', () => {
  expect(readOutcome('{"id":"a","name":"click"}', 'f:1')).toEqual({ ...blank, id: 'a', name: 'click' });
  const value = (text: string) => readOutcome(text, 'f:1').value;
  expect(value('{"value":2.5}')).toEqual({ $case: 'number', value: 2.5 });
  expect(value('{"value":true}')).toEqual({ $case: 'number', value: 1 });
  expect(value('{"field":"late","value":true}')).toEqual({ $case: 'text', value: 'true' });
  expect(value('{"field":"late","value":"cat"}')).toEqual({ $case: 'text', value: 'cat' });
});

test('a time is milliseconds or a text with its zone', () => {
  expect(readOutcome('{"time":1700000000000}', 'f:1').timeMs).toBe(1_700_000_000_000);
  expect(readOutcome('{"time":"2023-11-14T23:13:20+01:00"}', 'f:1').timeMs).toBe(1_700_000_000_000);
});

test.each([
  ['{"id":', 'f:3: expected a JSON object, found "{\\"id\\":"'],
  ['[1]', 'f:3: expected a JSON object'],
  ['{"id":7}', 'f:3: id: expected a text'],
  ['{"time":"yesterday"}', 'f:3: time: expected milliseconds since 1970, or a time such as 2026-01-31T12:00:00Z'],
  ['{"value":[1]}', 'f:3: value: expected a number, a text, true or false'],
  ['{"ids":"a"}', 'f:3: unknown key ids'],
])('%s is answered with place, expected and found', (text, message) => {
  expect(() => readOutcome(text, 'f:3')).toThrow(message);
});
