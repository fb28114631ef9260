import { expect, test } from 'vitest';
import { decisionAnswer } from '../../../src/extproc/answer.ts';
import { ProcessingResponse } from '../../../src/gen/envoy/service/ext_proc/v3/external_processor.ts';
import { decide } from '../../../src/routing/decide.ts';
import { hashUnit } from '../../../src/routing/unit-hash.ts';
import { compiled, facts } from './rollout.ts';

test('the hash of a unit is the one that a decision carries', () => {
  const snapshot = compiled({});
  const decision = decide(snapshot, facts({ 'x-user-id': 'alice' }));
  if (decision?.unit === undefined) throw new Error('no unit');
  const { dynamicMetadata } = ProcessingResponse.decode(decisionAnswer(snapshot.snapshot, decision, '0'.repeat(32), 0));
  const unit = dynamicMetadata?.['understudy.decision']?.unit;
  expect(hashUnit(snapshot.snapshot.unitKey, { source: 'header x-user-id', value: 'alice' })).toBe(unit);
  expect(unit).toMatch(/^[0-9a-f]{16}$/);
});

test('the hash is that of HMAC-SHA256 over source and value', () => {
  // printf 'header x-user-id\0alice' | openssl dgst -sha256 -mac HMAC -macopt hexkey:00ff
  expect(hashUnit('00ff', { source: 'header x-user-id', value: 'alice' })).toBe('28a91b7963696866');
});
