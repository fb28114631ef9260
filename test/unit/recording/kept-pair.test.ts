import { expect, test } from 'vitest';
import type { ProductionExchange, ShadowExchange } from '../../../src/pairing/exchange.ts';
import type { CapturedBody } from '../../../src/prediction/answer.ts';
import { keptBody, keptContent } from '../../../src/recording/kept-pair.ts';
import { compileRedaction } from '../../../src/recording/redact.ts';
import { shownPair } from '../../../src/recording/shown-pair.ts';
import { elementOf, fieldOf, pairOf } from './pair-of.ts';

const open = compileRedaction({ paths: [], headers: [], patterns: [] });

function bodyOf(text: string, unread?: CapturedBody['unread']): CapturedBody {
  return { bytes: Buffer.from(text), json: true, unread };
}

test('bodies and spans belong to the side whose they are, also when canary users are mirrored back', () => {
  const span = (letter: string) => ({ traceId: letter.repeat(32), spanId: letter.repeat(16), traceFlags: 1 });
  const request = { body: bodyOf('{"q":1}') };
  const production = { body: bodyOf('"production"'), span: span('a'), request } as ProductionExchange;
  const shadow = { body: bodyOf('"shadow"'), span: span('b') } as ShadowExchange;
  const origin = { production, shadow, redaction: open, prediction: undefined };
  const usual = keptContent(pairOf(1), origin);
  expect([usual.reference?.text, usual.candidate?.text]).toEqual(['"production"', '"shadow"']);
  const back = keptContent(pairOf(1, { answeredBy: 'candidate' }), origin);
  expect([back.reference?.text, back.candidate?.text, back.request?.text]).toEqual([
    '"shadow"',
    '"production"',
    '{"q":1}',
  ]);
  expect([back.productionSpan?.traceId, back.shadowSpan?.spanId]).toEqual(['a'.repeat(32), 'b'.repeat(16)]);
  expect(back.productionSpan).not.toHaveProperty('traceFlags');
});

test('a body is at most 65,536 characters, and says what is not there and why', () => {
  const long = `${'x'.repeat(65_535)}\u{1f600}tail`;
  expect(keptBody(bodyOf(long), open)).toMatchObject({ text: 'x'.repeat(65_535), cut: 6, note: undefined });
  expect(keptBody(bodyOf('{"a":', 'truncated'), open)).toEqual({
    text: '{"a":',
    cut: 0,
    note: 'truncated: longer than capture',
    json: true,
  });
  expect(keptBody(bodyOf('', 'encoded'), open)).toMatchObject({ text: '', note: 'encoded' });
  expect(keptBody(undefined, open)).toBeUndefined();
});

test('of many elements those that differ are shown, by their position where they have no key', () => {
  const elements = Array.from({ length: 50 }, (_, at) => elementOf(at, at === 40 || at === 3 ? -1 : at));
  const keyed = elements.map((element, at) => ({ ...element, key: `item ${at}` }));
  const shown = shownPair(pairOf(1, {}, [fieldOf('plain', elements), fieldOf('keyed', keyed)]), open, undefined);
  const [plain, withKeys] = shown.difference.fields;
  expect(plain?.elements.filter(({ agree }) => !agree).map(({ key }) => key)).toEqual(['#3', '#40']);
  expect(withKeys?.elements.map(({ key }) => key)).toEqual([
    ...Array.from({ length: 19 }, (_, at) => `item ${at}`),
    'item 40',
  ]);
  expect([plain?.elements.length, plain?.cut]).toEqual([20, 30]);
});

test('values are shown up to 4 KiB each and 128 KiB a pair', () => {
  const [small, large] = ['s'.repeat(4_000), 'l'.repeat(5_000)];
  const fields = Array.from({ length: 20 }, (_, n) => fieldOf(`f${n}`, [elementOf(small, n === 0 ? large : small)]));
  const shown = shownPair(pairOf(1, {}, fields), open, undefined);
  expect(shown.difference.fields[0]?.elements[0]?.candidate).toBe('(5002 characters of JSON, not shown here)');
  const texts = shown.difference.fields.flatMap(({ elements }) =>
    elements.flatMap((one) => [one.reference, one.candidate]),
  );
  expect(texts.filter((text) => text === small)).toHaveLength(32);
});
