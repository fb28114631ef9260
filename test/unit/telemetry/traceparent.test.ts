import { expect, test } from 'vitest';
import { isSampled, parseTraceparent } from '../../../src/telemetry/traceparent.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

test('a traceparent names a remote span and whether it is recorded', () => {
  const sampled = parseTraceparent(`00-${TRACE}-${SPAN}-01`);
  expect(sampled).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags: 1, isRemote: true });
  expect(sampled && isSampled(sampled)).toBe(true);
  const unsampled = parseTraceparent(`00-${TRACE}-${SPAN}-00`);
  expect(unsampled && isSampled(unsampled)).toBe(false);
});

test.each([
  '',
  'x',
  `00-${TRACE}-${SPAN}`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
])('a malformed traceparent names none: %j', (text) => {
  expect(parseTraceparent(text)).toBeUndefined();
});
