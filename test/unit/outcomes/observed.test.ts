import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { ProxyTracerProvider } from '@opentelemetry/api';
import { expect, onTestFinished, test } from 'vitest';
import { createObserveRoom } from '../../../src/accesslog/observe-room.ts';
import type { Seen } from '../../../src/outcomes/exposure-link.ts';
import type { FieldSpec, PredictionSpec } from '../../../src/prediction/spec.ts';
import { ID, productionEntry, shadowEntry } from '../accesslog/entry.ts';
import { rollout } from '../routing/rollout.ts';

const field = (name: string, at: string): FieldSpec => ({
  name,
  source: { at },
  compare: { kind: 'number', abs: 0, rel: 0 },
});

const prediction: PredictionSpec = {
  preset: 'json',
  batch: { at: undefined, key: undefined },
  fields: [field('shown', '/a'), field('secret', '/b')],
  timings: { featureFetch: undefined },
};

test('what a user got is told once, what both models said without what is redacted, and nothing of a twin', async () => {
  const room = createObserveRoom(
    { revision: 7, unitKey: '', rollouts: [rollout({ prediction })] },
    {
      ...{ nowMs: () => 0, wallMs: () => 0, random: () => 0.5 },
      tracer: new ProxyTracerProvider().getTracer('test'),
      settings: { redact: { paths: ['/b'], headers: [], patterns: [] }, recording: undefined },
    },
  );
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => {
    port1.close();
    port2.close();
  });
  room.usePort(port1, 'outcomes');
  const captured = (a: number) => ({
    response_body: Buffer.from(JSON.stringify({ a, b: 7 })).toString('base64'),
    response_bytes: 13,
    response_type: 'application/json',
  });
  const shadows = { 'x-understudy-shadow-2': 'ranker-v1-shadow', 'x-understudy-shadow-3': '' };
  room.observe('production', productionEntry({ headers: shadows, captured: captured(1) }));
  room.observe('shadow', shadowEntry(1, { captured: captured(2) }));
  room.observe('shadow', shadowEntry(2, { captured: captured(3) }));
  expect(room.report().counters['pairing.pairs']).toBe(2);
  const [seen]: Seen[] = await once(port2, 'message');
  const decided = { rollout: 'ranker', release: '2.0.0-00000000', weightBp: 500, unit: 'a1b2c3d4e5f60718' };
  expect(seen).toEqual({
    type: 'seen',
    exposures: [{ id: ID, timeMs: 1_700_000_000_000, arm: 'stable', forced: false, ...decided }],
    pairs: [
      {
        ...{ id: ID, unit: decided.unit, candidate: '2.0.0' },
        values: { reference: { shown: 1 }, candidate: { shown: 2 } },
      },
    ],
  });
});
