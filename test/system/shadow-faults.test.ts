import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../rig/free-port.ts';
import { until } from '../../rig/until.ts';
import { Stage } from './stage.ts';
import type { Behaviour } from './test-model.ts';

const NEXT = { name: 'next', cluster: 'flight-delay-v3-shadow', version: '3.0.0' };

describe('whatever a shadow does, the user gets the same answer', () => {
  let stage: Stage;
  let healthy: { status: number; body: string };
  beforeAll(async () => {
    stage = await Stage.start({ rollout: { shadows: [NEXT] } });
    healthy = await stage.request({ 'x-user-id': 'u' }, '{}');
    expect(healthy.status).toBe(200);
    await stage.waitForPairs(1);
  });
  afterAll(() => stage.stop());

  const faults: [what: string, behaviour: Behaviour, status: number][] = [
    ['answers with errors', { kind: 'answer', status: 500 }, 500],
    ['cuts its connections', { kind: 'refuse' }, 503],
    ['is slow', { kind: 'slow', delayMs: 500 }, 200],
    // the loop's route gives up after 9 s, before production's route would end the mirror without a trace
    ['hangs', { kind: 'hang' }, 504],
  ];
  test.each(faults)('when it %s', async (_, behaviour, status) => {
    stage.models.v3.behaviour = behaviour;
    const before = (await stage.pairs()).length;
    const answers = await Promise.all(
      Array.from({ length: 40 }, (__, index) => stage.request({ 'x-user-id': `u${index}` }, '{}')),
    );
    for (const answer of answers) expect([answer.status, answer.body]).toEqual([healthy.status, healthy.body]);
    const pairs = await until(
      async () => {
        const all = await stage.pairs();
        return all.length >= before + 40 ? all.slice(before) : undefined;
      },
      { what: 'its exchanges are seen', timeoutMs: 20_000 },
    );
    expect(new Set(pairs.map(({ candidate }) => candidate?.status))).toEqual(new Set([status]));
    // an error is a mismatch and in the denominator
    if (status !== 200)
      expect(new Set(pairs.map(({ sameStatus, body }) => `${sameStatus} ${body}`))).toEqual(
        new Set(['false different']),
      );
  });

  test('when it is dead', async () => {
    await stage.models.v3.stop();
    const answer = await stage.request({ 'x-user-id': 'u' }, '{}');
    expect([answer.status, answer.body]).toEqual([healthy.status, healthy.body]);
    const dead = async () =>
      (await stage.pairs()).find(({ candidate }) =>
        candidate?.details.includes('upstream_reset_before_response_started{remote_connection_failure'),
      );
    expect((await until(dead, { what: 'the refused copy is seen' })).candidate?.status).toBe(503);
    // so that the stage can stop it again
    stage.models.v3 = await (await import('./test-model.ts')).TestModel.start('3.0.0');
  });

  test('when its cluster does not exist', async () => {
    const other = await Stage.start({ rollout: { shadows: [{ ...NEXT, cluster: 'no-such-cluster' }] } });
    onTestFinished(() => other.stop());
    const answer = await other.request({ 'x-user-id': 'u' }, '{}');
    expect([answer.status, answer.body]).toEqual([healthy.status, healthy.body]);
    const [pair] = await other.waitForPairs(1);
    expect(pair?.candidate).toMatchObject({ status: 503, details: 'cluster_not_found' });
  });
});

test('a shadow that leads back to the edge is stopped: one request makes exactly two decisions', async () => {
  const port = await freePort();
  const stage = await Stage.start({
    rollout: { shadows: [NEXT] },
    endpoints: { 'model-v3:8080': { address: '127.0.0.1', port } },
    // the shadow's address must be known before Envoy starts
    envoy: (config) => {
      config.static_resources.listeners[0].address.socket_address.port_value = port;
    },
  });
  onTestFinished(() => stage.stop());
  expect((await stage.request({ 'x-user-id': 'u' }, '{}')).status).toBe(200);
  const [pair] = await stage.waitForPairs(1);
  expect(pair?.candidate?.status).toBe(200);
  const { decisions } = await stage.rollout();
  expect(decisions.map(({ reason, count }) => [reason, count]).sort()).toEqual([
    ['already-shadow', 1],
    ['hash', 1],
  ]);
  expect([(await stage.counters())['decide.streams'], stage.models.v1.requests]).toEqual([2, 2]);
});

test('capture is off unless the rollout asks for it: no body reaches the log', async () => {
  const stage = await Stage.start({ rollout: { capture: {}, shadows: [NEXT] } });
  onTestFinished(() => stage.stop());
  await stage.request({ 'x-user-id': 'u' }, '{}');
  const [pair] = await stage.waitForPairs(1);
  expect([pair?.body, pair?.sameStatus]).toEqual(['not-captured', true]);
});
