import { expect, test } from 'vitest';
import { startTracing } from '../../../src/telemetry/tracing.ts';

test('without a word about where spans should go, none are made and no collector is looked for', () => {
  const { tracer } = startTracing({});
  expect(tracer.startSpan('x').isRecording()).toBe(false);
});
