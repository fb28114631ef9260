import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NoiseJoin } from '../../../src/evidence/noise.ts';
import type { Pair } from '../../../src/pairing/pair.ts';
import { collecting, fieldOf, merged, pairOf, pairSums } from './pairs.ts';

function candidate(id: string, agree: boolean, changes: Parameters<typeof pairOf>[0] = {}): Pair {
  return pairOf({ id, difference: { fields: [fieldOf('delay', agree)] }, ...changes });
}

function twin(id: string, agree: boolean, changes: Parameters<typeof pairOf>[0] = {}): Pair {
  return candidate(id, agree, { shadow: 'twin', ...changes });
}

function outcomes(pairs: readonly Pair[]) {
  const { collector } = collecting();
  collector.addPair(twin('first', true), { twin: true });
  for (const pair of pairs) collector.addPair(pair, { twin: pair.shadow === 'twin' });
  return pairSums(collector.overall()).fields.get('delay\0number')?.noise;
}

describe('what the twin disagreed about on the same request is noise', () => {
  const pairs = [
    [true, true],
    [false, true],
    [false, true],
    [true, false],
    [false, false],
  ].flatMap(([own = true, twins = true], i) => [candidate(`id${i}`, own), twin(`id${i}`, twins)]);

  test('in any order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(pairs, { minLength: pairs.length }), (order) => {
        expect(outcomes(order)).toEqual({ neither: 1, candidateOnly: 2, twinOnly: 1, both: 1 });
      }),
    );
  });

  test('requests that only one of them got are not in it', () => {
    expect(outcomes([candidate('a', false), twin('b', false)])).toEqual({
      neither: 0,
      candidateOnly: 0,
      twinOnly: 0,
      both: 0,
    });
  });

  test('it counts in the block in which both are known, in all traffic and in the segments', () => {
    const { collector } = collecting();
    collector.addPair(twin('first', true), { twin: true });
    collector.addPair(candidate('a', false, { segments: { state: 'CO' } }), { twin: false });
    collector.close(0, 0);
    collector.addPair(twin('a', true, { segments: { state: 'CO' } }), { twin: true });
    const cells = collector.close(0, 0)?.cells ?? [];
    expect([...merged(cells).values()]).toEqual(cells);
    for (const [segment, value] of [
      ['', ''],
      ['state', 'CO'],
    ]) {
      const sums = pairSums(cells, segment, value);
      expect([sums.pairs, sums.fields.get('delay\0number')?.noise.candidateOnly]).toEqual([0, 1]);
    }
  });

  test('a twin that refused the request like production agrees, and so does a candidate', () => {
    const refused = { difference: { refusedAlike: true, fields: [] } };
    expect(outcomes([twin('a', true, refused), candidate('a', false)])?.candidateOnly).toBe(1);
    expect(outcomes([twin('a', false), candidate('a', false, refused)])?.twinOnly).toBe(1);
  });

  test('where canary answered there is no common reference: nothing is joined', () => {
    const canary = { answeredBy: 'candidate' } as const;
    expect(outcomes([candidate('a', false), twin('a', true, canary)])?.candidateOnly).toBe(0);
  });
});

describe('bounds', () => {
  test('the oldest requests are forgotten and counted when nothing was joined', () => {
    let forgotten = 0;
    const noise = new NoiseJoin(() => forgotten++, 10);
    for (let i = 0; i < 25; i++) noise.add(twin(`id${i}`, true), true);
    expect([noise.waitingIds, forgotten]).toEqual([10, 15]);
    expect(noise.add(candidate('id3', false), false)).toEqual([]);
    expect(noise.add(candidate('id24', false), false)).toHaveLength(1);
  });

  test('without a twin nothing waits, and after an hour without its pairs there is none', () => {
    const noise = new NoiseJoin(() => {});
    noise.add(candidate('a', false), false);
    expect(noise.waitingIds).toBe(0);
    noise.add(twin('b', false), true);
    noise.add(candidate('c', false), false);
    expect(noise.waitingIds).toBe(2);
    for (let block = 0; block < 361; block++) noise.nextBlock();
    noise.add(candidate('d', false), false);
    expect(noise.waitingIds).toBe(2);
  });
});
