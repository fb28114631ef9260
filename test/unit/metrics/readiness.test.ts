import { expect, test } from 'vitest';
import { unready } from '../../../src/metrics/readiness.ts';
import { metricsSource } from './source.ts';

const [decide, observe] = metricsSource().observations.threads();
if (decide === undefined || observe === undefined) throw new Error('two threads');

test('the sidecar is ready when every thread serves', () => {
  expect(unready([decide, { ...observe, state: 'serving' }], false)).toEqual([]);
});

test('a thread that does not serve is named', () => {
  expect(unready([{ ...decide, state: 'stopped' }, observe], false)).toEqual([
    'decide-0 is stopped',
    'observe is starting',
  ]);
});

test('a sidecar that stops is not ready, though its threads still serve', () => {
  expect(unready([decide], true)).toEqual(['the sidecar stops']);
});
