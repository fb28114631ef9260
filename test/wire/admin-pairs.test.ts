import { once } from 'node:events';
import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { ask } from '../../src/cli/client.ts';
import type { ListPairsRequest, Pair, RolloutAdminClient } from '../../src/gen/understudy/admin/v1/admin.ts';
import type { RecordedRow } from '../../src/recording/row.ts';
import { specOf } from '../unit/rollout/fakes.ts';
import { keptOf, pairOf, scoreDiffers, startAdminStage, withFields } from './admin-stage.ts';

const anyPair: ListPairsRequest = {
  rollout: '',
  shadow: '',
  segmentName: '',
  segmentValue: '',
  field: '',
  status: 0,
  keptOnly: false,
  onlyDifferent: false,
  limit: 0,
};
const watched = { rollout: '', shadow: '', onlyDifferent: false, recent: 0, follow: false };

const ranker = specOf('ranker', {
  segments: { country: { header: 'x-geo-country' } },
  prediction: {
    preset: 'json',
    batch: { at: undefined, key: undefined },
    fields: [{ name: 'score', source: { at: '/score' }, compare: { kind: 'number', abs: 0, rel: 0 } }],
    timings: { featureFetch: undefined },
  },
});
const specs = [ranker, specOf('search')];

const same = withFields(pairOf(1), [scoreDiffers(0)]);
const little = withFields(pairOf(2), [scoreDiffers(1)]);
const much = withFields(pairOf(3, { segments: { country: 'IE' } }), [scoreDiffers(-50)]);
const failed = pairOf(4, { candidate: { ...pairOf(4).candidate, status: 504, error: 'timeout' } });
const all = [same, little, much, failed];

function numbers(pairs: readonly Pair[]): number[] {
  return pairs.map(({ timeMs }) => timeMs % 1_000);
}

describe('the list', () => {
  test('holds recent and kept pairs, each once, the newest first, and says why one is kept', async () => {
    const old = pairOf(0);
    const kept = [keptOf(much, { why: ['largest difference of score'] }), keptOf(old)];
    await using stage = await startAdminStage({ specs, recent: all, kept });
    const { pairs, cut } = await ask(stage.client, stage.client.listPairs, anyPair);
    expect(numbers(pairs)).toEqual([4, 3, 2, 1, 0]);
    expect(pairs.map(({ whyKept }) => whyKept)).toEqual([[], ['largest difference of score'], [], [], ['sample']]);
    expect(cut).toBe(false);
    expect(pairs.every(({ bodies }) => bodies === undefined)).toBe(true);
    expect(JSON.stringify(pairs)).not.toContain(much.unit);
  });

  test.each<[string, Partial<ListPairsRequest>, number[]]>([
    ['a rollout', { rollout: 'search' }, []],
    ['a shadow', { shadow: 'candidate', limit: 2 }, [4, 3]],
    ['a segment', { segmentName: 'country', segmentValue: 'IE' }, [3]],
    ['a field that does not agree', { field: 'score' }, [3, 2]],
    ['a least difference of a field', { field: 'score', minDifference: 1.5 }, [3]],
    ['a least difference of any', { minDifference: 0 }, [3, 2, 1]],
    ['a status of either side', { status: 504 }, [4]],
    ['those that differ', { onlyDifferent: true }, [3, 2]],
    ['those kept', { keptOnly: true }, [2]],
  ])('is narrowed to %s', async (_, filter, expected) => {
    await using stage = await startAdminStage({ specs, recent: all, kept: [keptOf(little)] });
    const { pairs } = await ask(stage.client, stage.client.listPairs, { ...anyPair, ...filter });
    expect(numbers(pairs)).toEqual(expected);
  });

  test('tells fields with their values, measures and what is missing', async () => {
    const missing = { ...scoreDiffers(0), agree: false };
    const [element] = missing.elements;
    const lacking = element && {
      ...element,
      agree: false,
      missing: { reference: undefined, candidate: 'wrong-type' as const },
      candidate: undefined,
      measures: {},
    };
    const pair = withFields(much, [scoreDiffers(-50), { ...missing, elements: lacking ? [lacking] : [] }]);
    await using stage = await startAdminStage({ specs, recent: [pair] });
    const { pairs } = await ask(stage.client, stage.client.listPairs, anyPair);
    expect(pairs[0]?.fields).toEqual([
      {
        name: 'score',
        kind: 'number',
        compared: true,
        agree: false,
        magnitude: 50,
        cut: 0,
        elements: [
          {
            agree: false,
            missingReference: '',
            missingCandidate: '',
            reference: '10',
            candidate: '-40',
            measures: { difference: -50 },
          },
        ],
      },
      expect.objectContaining({
        magnitude: undefined,
        elements: [
          { agree: false, missingReference: '', missingCandidate: 'wrong-type', reference: '10', measures: {} },
        ],
      }),
    ]);
    expect(pairs[0]).toMatchObject({ different: true, userLatencyMs: 12 });
  });

  test('is cut where an answer would be too large for a client', async () => {
    const text = 'x'.repeat(4_000);
    const element = { ...scoreDiffers(1).elements[0], reference: text, candidate: text } as never;
    const large = Array.from({ length: 1_000 }, (_, n) =>
      withFields(pairOf(n), [{ ...scoreDiffers(1), elements: [element] }]),
    );
    await using stage = await startAdminStage({ specs, recent: large });
    const { pairs, cut } = await ask(stage.client, stage.client.listPairs, { ...anyPair, limit: 1_000 });
    expect(cut).toBe(true);
    expect(pairs.length).toBeGreaterThan(300);
    expect(numbers(pairs)[0]).toBe(999);
  });
});

describe('one pair', () => {
  const ask1 = (client: RolloutAdminClient, id: string, changes = {}) =>
    ask(client, client.getPair, { id, shadow: '', includeBodies: false, ...changes });
  const span = (letter: string) => ({ traceId: letter.repeat(32), spanId: letter.repeat(16) });

  test('comes once for each shadow, with spans, and bodies when they are allowed and asked for', async () => {
    const twin = pairOf(3, { shadow: 'twin' });
    const kept = [keptOf(much, { productionSpan: span('a'), shadowSpan: span('b') })];
    await using stage = await startAdminStage({ specs, recent: [...all, twin], kept, allowBodies: true });
    const { pairs } = await ask1(stage.client, much.id, { includeBodies: true });
    expect(pairs.map(({ shadow }) => shadow).sort()).toEqual(['candidate', 'twin']);
    expect(pairs.find(({ shadow }) => shadow === 'candidate')).toMatchObject({
      productionSpan: span('a'),
      shadowSpan: span('b'),
      bodies: {
        reference: { text: '{"score":10}', cut: 0, note: '', json: true },
        candidate: { text: '{"score":12}', cut: 0, note: '', json: true },
        request: undefined,
      },
    });
    expect(pairs.find(({ shadow }) => shadow === 'twin')?.bodies).toBeUndefined();
    const only = await ask1(stage.client, much.id, { shadow: 'candidate' });
    expect(only.pairs.map(({ bodies }) => bodies)).toEqual([undefined]);
  });

  test('that memory has no longer comes out of the recording', async () => {
    const { difference, unequal: _, unit, ...rest } = much;
    const row: RecordedRow = {
      ...rest,
      unit,
      reference: { ...much.reference, body: '{"score":10}' },
      candidate: { ...much.candidate, body: undefined },
      sameStatus: true,
      body: 'different',
      agree: false,
      latencyDifferenceMs: undefined,
      fields: JSON.stringify(difference.fields),
      kept: true,
      request: undefined,
    };
    const findRecorded = async (id: string) => (id === much.id ? row : undefined);
    await using stage = await startAdminStage({ specs, findRecorded, allowBodies: true });
    const { pairs } = await ask1(stage.client, much.id, { includeBodies: true });
    expect(pairs).toMatchObject([
      {
        id: much.id,
        fromRecording: true,
        different: true,
        fields: [{ name: 'score', magnitude: 50 }],
        bodies: { reference: { text: '{"score":10}', json: true }, candidate: undefined },
      },
    ]);
    await expect(ask1(stage.client, '0'.repeat(32))).rejects.toMatchObject({
      code: status.NOT_FOUND,
      details: expect.stringContaining('nor does the recording'),
    });
  });

  test('a damaged row of a recording is shown without its fields', async () => {
    const row = {
      ...pairOf(1),
      fields: '{',
      reference: { ...pairOf(1).reference, body: undefined },
      candidate: undefined,
    };
    await using stage = await startAdminStage({ specs, findRecorded: async () => row as unknown as RecordedRow });
    const { pairs } = await ask1(stage.client, pairOf(1).id);
    expect(pairs).toMatchObject([{ fields: [], candidate: undefined, different: false }]);
  });
});

test.each<[string, keyof typeof status, string, (client: RolloutAdminClient) => Promise<unknown>]>([
  [
    'an id that is none',
    'INVALID_ARGUMENT',
    'id: expected 32 hex digits, found "7"',
    (c) => ask(c, c.getPair, { id: '7', shadow: '', includeBodies: false }),
  ],
  [
    'a pair that is gone',
    'NOT_FOUND',
    `id: memory no longer holds a pair ${'0'.repeat(32)} (the newest 1,000, and those kept); it may be in a recording`,
    (c) => ask(c, c.getPair, { id: '0'.repeat(32), shadow: '', includeBodies: false }),
  ],
  [
    'bodies that are not allowed',
    'FAILED_PRECONDITION',
    'include_bodies: bodies are shown only when the configuration of the sidecar has allowBodies: true',
    (c) => ask(c, c.getPair, { id: much.id, shadow: '', includeBodies: true }),
  ],
  [
    'a stream with bodies that are not allowed',
    'FAILED_PRECONDITION',
    'include_bodies: bodies are shown only when the configuration of the sidecar has allowBodies: true',
    (c) => once(c.watchPairs({ ...watched, includeBodies: true }), 'data'),
  ],
  [
    'an unknown field',
    'NOT_FOUND',
    'field: there is no field "scroe"; known: score',
    (c) => ask(c, c.listPairs, { ...anyPair, field: 'scroe' }),
  ],
  [
    'a field of a rollout without any',
    'NOT_FOUND',
    'field: there is no field "score"; none is known',
    (c) => ask(c, c.listPairs, { ...anyPair, rollout: 'search', field: 'score' }),
  ],
  [
    'an unknown segment',
    'NOT_FOUND',
    'segment_name: there is no segment "state"; known: country',
    (c) => ask(c, c.listPairs, { ...anyPair, segmentName: 'state', segmentValue: 'CO' }),
  ],
  [
    'a segment without a name',
    'INVALID_ARGUMENT',
    'segment_name: expected the name of a segment with segment_value',
    (c) => ask(c, c.listPairs, { ...anyPair, segmentValue: 'CO' }),
  ],
  [
    'a negative difference',
    'INVALID_ARGUMENT',
    'min_difference: expected a number from 0, found -1',
    (c) => ask(c, c.listPairs, { ...anyPair, minDifference: -1 }),
  ],
  [
    'a status that is none',
    'INVALID_ARGUMENT',
    'status: expected 100 to 599, found 5',
    (c) => once(c.watchPairs({ ...watched, status: 5 }), 'data'),
  ],
  [
    'an unknown rollout',
    'NOT_FOUND',
    'rollout: there is no rollout "nobody"',
    (c) => ask(c, c.listPairs, { ...anyPair, rollout: 'nobody' }),
  ],
  [
    'a unit that is no hash',
    'INVALID_ARGUMENT',
    'units: expected 16 hex digits, found "alice"',
    (c) => ask(c, c.forgetUnit, { units: ['alice'], actor: 'ana', reason: 'asked' }),
  ],
  [
    'nobody who asks',
    'INVALID_ARGUMENT',
    'actor: expected a non-empty text',
    (c) => ask(c, c.forgetUnit, { units: ['a'.repeat(16)], actor: '', reason: 'asked' }),
  ],
  [
    'a reason that is a story',
    'INVALID_ARGUMENT',
    'reason: expected at most 500 characters, found 501',
    (c) => ask(c, c.forgetUnit, { units: ['a'.repeat(16)], actor: 'ana', reason: 'x'.repeat(501) }),
  ],
])('%s is answered with %s and the field', async (_, code, details, call) => {
  await using stage = await startAdminStage({ specs, recent: all });
  await expect(call(stage.client)).rejects.toMatchObject({ code: status[code], details });
});

test('a stream is narrowed like the list, for those to come too', async () => {
  await using stage = await startAdminStage({ specs, recent: all, kept: [keptOf(much)], allowBodies: true });
  const filter = { ...watched, field: 'score', minDifference: 10, recent: 10, follow: true, includeBodies: true };
  const pairs = stage.client.watchPairs(filter)[Symbol.asyncIterator]();
  expect((await pairs.next()).value).toMatchObject({
    timeMs: much.timeMs,
    bodies: { reference: { text: '{"score":10}' } },
  });
  stage.emit(withFields(pairOf(5), [scoreDiffers(9)]), withFields(pairOf(6), [scoreDiffers(11)]));
  expect((await pairs.next()).value.timeMs % 1_000).toBe(6);
  await pairs.return?.();
});

test('a unit is forgotten by its hash, and the log has who and why, but not whom', async () => {
  await using stage = await startAdminStage({ specs });
  const units = ['b'.repeat(16), 'c'.repeat(16)];
  expect(await ask(stage.client, stage.client.forgetUnit, { units, actor: 'ana', reason: 'request 17\n' })).toEqual({
    pairs: 2,
  });
  expect(stage.forgotten).toEqual(units);
  expect(stage.log).toEqual(['a unit was forgotten, with 2 pairs in memory: asked by "ana", "request 17\\n"']);
});

test('a stream with bodies goes on without them when they are no longer allowed', async () => {
  const options = { specs, recent: all, kept: [keptOf(much)], allowBodies: true };
  await using stage = await startAdminStage(options);
  const filter = { ...watched, keptOnly: true, includeBodies: true, recent: 1, follow: true };
  const pairs = stage.client.watchPairs(filter)[Symbol.asyncIterator]();
  expect((await pairs.next()).value.bodies).toBeDefined();
  options.allowBodies = false;
  stage.emit(much);
  expect((await pairs.next()).value).toMatchObject({ id: much.id, bodies: undefined });
  await pairs.return?.();
});
