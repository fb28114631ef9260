import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decisionAnswer, LOOP_CLUSTER } from '../../../src/extproc/answer.ts';
import { ProcessingResponse } from '../../../src/gen/envoy/service/ext_proc/v3/external_processor.ts';
import { decide } from '../../../src/routing/decide.ts';
import type { RolloutSnapshot } from '../../../src/routing/snapshot.ts';
import { compiled, facts, shadowOf } from '../routing/rollout.ts';

const ID = '0'.repeat(32);

function answer(changes: Partial<RolloutSnapshot> = {}, headers: Record<string, string> = { 'x-user-id': 'alice' }) {
  const snapshot = compiled(changes);
  const decision = decide(snapshot, facts(headers));
  if (decision === undefined) throw new Error('no decision');
  const { response, dynamicMetadata } = ProcessingResponse.decode(decisionAnswer(snapshot.snapshot, decision, ID, 12));
  if (response?.$case !== 'requestHeaders') throw new Error('expected an answer to request headers');
  const options = response.value.response?.headerMutation?.setHeaders ?? [];
  return {
    options,
    headers: options.map(({ header }) => [header?.key, header?.rawValue.toString()]),
    metadata: dynamicMetadata?.['understudy.decision'],
  };
}

describe('the headers of a decision', () => {
  test('are id, arm, capture, and a mirror with its shadow per slot', () => {
    expect(answer().headers).toEqual([
      ['x-understudy-id', ID],
      ['x-understudy-arm', 'stable'],
      ['x-understudy-capture', '0,65536'],
      ['x-understudy-mirror-1', LOOP_CLUSTER],
      ['x-understudy-shadow-1', 'ranker-v2-shadow'],
      ['x-understudy-mirror-2', LOOP_CLUSTER],
      ['x-understudy-shadow-2', 'ranker-v1-shadow'],
    ]);
  });

  test('ask for no capture unless the rollout does', () => {
    const { headers } = answer({ capture: { requestBytes: 0, responseBytes: 0 } });
    expect(headers.map(([name]) => name)).not.toContain('x-understudy-capture');
  });

  test('are clean whatever a cluster is called: a control character would give the user a 500', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (cluster) => {
        const { options, headers } = answer({ shadows: [shadowOf('s', cluster, '3')] });
        for (const { header } of options) {
          expect(header?.key).toMatch(/^x-understudy-[a-z0-9-]+$/);
          expect(header?.rawValue.toString('latin1')).toMatch(/^[\x20-\x7e]+$/);
          expect(header?.value).toBe('');
        }
        const names = headers.map(([name]) => name);
        expect(names.includes('x-understudy-mirror-1')).toBe(names.includes('x-understudy-shadow-1'));
      }),
    );
  });
});

describe('the dynamic metadata of a decision', () => {
  test('says what was decided, and the unit only as a keyed hash', () => {
    const { metadata } = answer({}, { 'x-user-id': 'alice', 'x-geo-country': 'IE' });
    expect(metadata).toEqual({
      rollout: 'ranker',
      release: '2.0.0-00000000',
      revision: 7,
      weightBp: 500,
      reason: 'hash',
      segments: { country: 'IE' },
      unit: expect.stringMatching(/^[0-9a-f]{16}$/),
      slot: 12,
    });
    expect(answer({}, { 'x-user-id': 'bob' }).metadata.unit).not.toBe(metadata.unit);
  });

  test('has an empty unit when there is none', () => {
    expect(answer({}, {}).metadata).toMatchObject({ reason: 'no-unit', unit: '' });
  });
});
