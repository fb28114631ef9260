import { describe, expect, test } from 'vitest';
import { makePair } from '../../../src/pairing/make-pair.ts';
import { rollout, shadowOf } from '../routing/rollout.ts';
import { production, shadow } from './exchanges.ts';

const three = rollout({
  shadows: [
    shadowOf('candidate', 'ranker-v2-shadow', '2.0.0'),
    shadowOf('twin', 'ranker-v1-shadow', '1.8.0'),
    shadowOf('next', 'ranker-v3-shadow', '3.0.0'),
  ],
});
const canary = { arm: 'canary', cluster: 'ranker-v2', latencyMs: 30 } as const;

function versions(match: Parameters<typeof makePair>[0]) {
  const pair = makePair(match, three);
  return [pair?.reference.version, pair?.candidate.version, pair?.answeredBy, pair?.referenced];
}

describe('the reference is the side that runs the stable version', () => {
  test('when stable answered: production', () => {
    expect(versions({ production: production('a'), shadow: shadow('a', 1) })).toEqual([
      '1.8.0',
      '2.0.0',
      'reference',
      true,
    ]);
  });

  test('when canary answered and the shadow is stable: the shadow, so that signs never turn round', () => {
    const match = { production: production('a', [2], canary), shadow: shadow('a', 2) };
    expect(versions(match)).toEqual(['1.8.0', '2.0.0', 'candidate', true]);
    expect(makePair(match, three)?.difference.latencyDifferenceMs).toBe(20);
  });

  test('for a twin: production', () => {
    expect(versions({ production: production('a', [2]), shadow: shadow('a', 2) })).toEqual([
      '1.8.0',
      '1.8.0',
      'reference',
      true,
    ]);
  });

  test('is nobody when neither side is stable: the pair is kept but unreferenced', () => {
    const match = { production: production('a', [3], canary), shadow: shadow('a', 3) };
    expect(versions(match)).toEqual(['2.0.0', '3.0.0', 'reference', false]);
  });
});

test('the version that answered is the one Envoy delivered, not the one that was decided', () => {
  const match = { production: production('a', [1], { arm: 'canary', cluster: 'ranker-v1' }), shadow: shadow('a', 1) };
  expect(versions(match)).toEqual(['1.8.0', '2.0.0', 'reference', true]);
});

test('a slot the rollout does not have makes no pair', () => {
  expect(makePair({ production: production('a', [4]), shadow: shadow('a', 4) }, three)).toBeUndefined();
});
