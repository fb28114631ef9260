import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/routing/decide.ts';
import type { RequestFacts } from '../../../src/routing/facts.ts';
import { isMirrorBack, isTwin } from '../../../src/routing/snapshot.ts';
import { compiled, facts, rollout, shadowOf } from './rollout.ts';

// buckets under salt ranker/2.0.0: alice 8454, 日本-ünïcode 115
const LOW = { 'x-user-id': '日本-ünïcode' };
const HIGH = { 'x-user-id': 'alice' };

describe('the arm', () => {
  test('is nobody’s business for a route of no rollout', () => {
    expect(decide(compiled(), facts(LOW, { route: 'other' }))).toBeUndefined();
  });

  test('is canary for a bucket below the weight and stable for any other', () => {
    expect(decide(compiled(), facts(LOW))).toMatchObject({ arm: 'canary', reason: 'hash', bucket: 115, weightBp: 500 });
    expect(decide(compiled(), facts(HIGH))).toMatchObject({ arm: 'stable', reason: 'hash', bucket: 8454 });
  });

  test('is stable at weight 0 and canary at weight 10000 for every unit', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (user) => {
        expect(decide(compiled({ weightBp: 0 }), facts({ 'x-user-id': user }))?.arm).toBe('stable');
        expect(decide(compiled({ weightBp: 10_000 }), facts({ 'x-user-id': user }))?.arm).toBe('canary');
      }),
    );
  });

  test('never moves back to stable for anyone while the weight only rises', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 2, maxLength: 10 }),
        (user, weights) => {
          const arms = weights
            .sort((a, b) => a - b)
            .map((weightBp) => decide(compiled({ weightBp }), facts({ 'x-user-id': user }))?.arm);
          expect(arms.indexOf('canary') === -1 || arms.lastIndexOf('stable') < arms.indexOf('canary')).toBe(true);
        },
      ),
    );
  });

  test('is the same for the same user whatever else the request says', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.constantFrom('GET', 'POST'), fc.string(), (user, method, path) => {
        const arm = (headers: object, how: string) =>
          decide(compiled(), facts({ 'x-user-id': user, ...headers }, { method: how }))?.arm;
        expect(arm({ ':path': path, 'x-geo-country': path }, method)).toBe(arm({}, 'GET'));
      }),
    );
  });

  test('is stable, for want of a unit, when none of the unit headers is present or all are empty', () => {
    expect(decide(compiled({ weightBp: 10_000 }), facts())).toMatchObject({ arm: 'stable', reason: 'no-unit' });
    expect(decide(compiled({ weightBp: 10_000 }), facts({ 'x-user-id': '' }))).toMatchObject({ reason: 'no-unit' });
  });

  test('is taken from the first unit header that is present', () => {
    expect(decide(compiled(), facts({ 'x-session': '日本-ünïcode' }))?.unit?.source).toBe('header x-session');
    expect(decide(compiled(), facts({ 'x-session': 's', ...HIGH }))?.unit).toEqual({
      kind: 'header',
      source: 'header x-user-id',
      value: 'alice',
    });
  });
});

describe('a rule', () => {
  const always = { when: { header: { 'x-canary': { exact: 'always' } } }, arm: 'canary' } as const;
  const never = { when: { header: { 'x-canary': { exact: 'never' } } }, arm: 'stable' } as const;
  const ireland = { when: { segment: { country: { anyOf: ['NZ', 'IE'] } } }, weightBp: 9_000 } as const;

  test('with an arm forces it, whatever the weight, and is not evidence by hash', () => {
    const decision = decide(compiled({ weightBp: 0, rules: [always] }), facts({ 'x-canary': 'always', ...HIGH }));
    expect(decision).toMatchObject({ arm: 'canary', reason: 'rule', rule: 0, bucket: undefined });
  });

  test('that matches first wins', () => {
    const rules = [never, { ...always, when: { header: { 'x-canary': { exact: 'never' } } } }];
    expect(decide(compiled({ weightBp: 10_000, rules }), facts({ 'x-canary': 'never', ...LOW }))?.arm).toBe('stable');
  });

  test('with a weight raises it for its segment only', () => {
    const rules = [ireland];
    expect(decide(compiled({ rules }), facts({ 'x-geo-country': 'IE', ...HIGH }))).toMatchObject({
      arm: 'canary',
      weightBp: 9_000,
      rule: 0,
      segments: { country: 'IE' },
    });
    expect(decide(compiled({ rules }), facts({ 'x-geo-country': 'FR', ...HIGH }))).toMatchObject({
      arm: 'stable',
      weightBp: 500,
    });
  });

  test('with a weight never lowers it and does nothing while the weight is 0', () => {
    const inIreland = facts({ 'x-geo-country': 'IE', ...LOW });
    expect(decide(compiled({ weightBp: 9_500, rules: [ireland] }), inIreland)?.weightBp).toBe(9_500);
    expect(decide(compiled({ weightBp: 0, rules: [ireland] }), inIreland)).toMatchObject({
      arm: 'stable',
      weightBp: 0,
    });
  });

  test('needs all its headers and segments', () => {
    const both = { when: { ...always.when, ...ireland.when }, arm: 'canary' } as const;
    const arm = (headers: Record<string, string>) =>
      decide(compiled({ weightBp: 0, rules: [both] }), facts({ ...HIGH, ...headers }))?.arm;
    expect(arm({ 'x-canary': 'always' })).toBe('stable');
    expect(arm({ 'x-geo-country': 'IE' })).toBe('stable');
    expect(arm({ 'x-canary': 'always', 'x-geo-country': 'IE' })).toBe('canary');
  });
});

describe('a mirrored copy that leads back to the edge', () => {
  test('is never mirrored and never canary, not even by a rule', () => {
    const rules = [{ when: { header: { 'x-canary': { exact: 'always' } } }, arm: 'canary' } as const];
    const decision = decide(
      compiled({ weightBp: 10_000, rules }),
      facts({ 'x-shadowed': '1', 'x-canary': 'always', ...LOW }),
    );
    expect(decision).toMatchObject({ arm: 'stable', reason: 'already-shadow', mirrors: [] });
  });
});

describe('a shadow', () => {
  const names = (decision: ReturnType<typeof decide>) =>
    decision?.mirrors.map(({ slot, shadow }) => `${slot}:${shadow.name}`);

  test('gets a copy of what stable answers, in the slot of its place in the list', () => {
    expect(names(decide(compiled(), facts(HIGH)))).toEqual(['1:candidate', '2:twin']);
  });

  test('of the version that answers gets none, but a shadow of the stable version still does', () => {
    const decision = decide(compiled(), facts(LOW));
    expect(names(decision)).toEqual(['2:twin']);
    expect(decision?.skipped.map(({ shadow, reason }) => [shadow.name, reason])).toEqual([
      ['candidate', 'same-version'],
    ]);
  });

  test('that is mirror-back gets a copy of what canary answers, and of nothing else', () => {
    const back = shadowOf('mirror-back', 'ranker-v1-shadow', '1.8.0', { onlyArm: 'canary' });
    const shadows = [shadowOf('candidate', 'ranker-v2-shadow', '2.0.0'), back];
    expect(names(decide(compiled({ shadows }), facts(LOW)))).toEqual(['2:mirror-back']);
    const onStable = decide(compiled({ shadows }), facts(HIGH));
    expect(names(onStable)).toEqual(['1:candidate']);
    expect(onStable?.skipped.map(({ shadow, reason }) => [shadow.name, reason])).toEqual([
      ['mirror-back', 'other-arm'],
    ]);
  });

  test('of the stable version is a twin, unless it is mirror-back', () => {
    const { shadows, stable } = rollout();
    const [candidate, twin] = shadows.map((shadow) => [isTwin({ stable }, shadow), isMirrorBack({ stable }, shadow)]);
    expect([candidate, twin]).toEqual([
      [false, false],
      [true, false],
    ]);
    const back = shadowOf('mirror-back', 'ranker-v1-shadow', '1.8.0', { onlyArm: 'canary' });
    expect([isTwin({ stable }, back), isMirrorBack({ stable }, back)]).toEqual([false, true]);
  });

  test.each([
    ['a body of 4 MiB is mirrored', { 'content-length': '4194304' }, undefined],
    ['a larger body is not', { 'content-length': '4194305' }, 'body-too-large'],
    ['a body of unknown length is not', {}, 'body-length-unknown'],
    ['a body whose length is no number is not', { 'content-length': '12, 12' }, 'body-length-unknown'],
    ['a gRPC body of unknown length is', { 'content-type': 'application/grpc+proto' }, undefined],
    ['an upgrade is not', { upgrade: 'websocket', 'content-length': '0' }, 'upgrade'],
  ])('%s', (_, headers, reason) => {
    const decision = decide(compiled(), facts({ ...HIGH, ...headers }, { method: 'POST', hasBody: true }));
    expect(decision?.skipped.map((skip) => skip.reason)).toEqual(reason === undefined ? [] : [reason, reason]);
    expect(decision?.mirrors).toHaveLength(reason === undefined ? 2 : 0);
  });

  test('never gets a CONNECT', () => {
    expect(decide(compiled(), facts(HIGH, { method: 'CONNECT' }))?.skipped[0]?.reason).toBe('upgrade');
  });
});

describe('a unit', () => {
  const sources = [{ header: 'x-user-id' }, { cookie: 'sid' }, { client: 'address' }] as const;
  const unit = (headers: Record<string, string>, clientAddress?: string) =>
    decide(compiled({ unit: sources }), facts(headers, { clientAddress }))?.unit;

  test('comes from the first source that has a value: header, cookie or client address', () => {
    expect(unit({ 'x-user-id': 'u', cookie: 'sid=s' }, '203.0.113.9')).toMatchObject({ kind: 'header', value: 'u' });
    expect(unit({ cookie: 'sid=s' }, '203.0.113.9')).toMatchObject({ kind: 'cookie', value: 's' });
    expect(unit({}, '203.0.113.9')).toMatchObject({ kind: 'client', value: '203.0.113.9' });
    expect(unit({})).toBeUndefined();
  });

  test('of another kind has another bucket, though its value is the same', () => {
    const bucket = (headers: Record<string, string>) => decide(compiled({ unit: sources }), facts(headers))?.bucket;
    expect(bucket({ 'x-user-id': 'same' })).not.toBe(bucket({ cookie: 'sid=same' }));
  });
});

describe('geography', () => {
  const segments = { country: { geoip: 'country' }, tier: { header: 'x-tier' } } as const;
  const lookUp = (address: string, field: string) => (address === '203.0.113.9' ? `${field}-of-it` : undefined);
  const found = (clientAddress: string | undefined) =>
    decide(compiled({ segments }), facts({ 'x-tier': 'gold' }, { clientAddress }), lookUp)?.segments;

  test('is looked up by the client address, and is no segment where nothing is known', () => {
    expect(found('203.0.113.9')).toEqual({ country: 'country-of-it', tier: 'gold' });
    expect(found('10.0.0.1')).toEqual({ tier: 'gold' });
    expect(found(undefined)).toEqual({ tier: 'gold' });
  });
});

describe('a shadow that sees a part of the traffic', () => {
  const withShadow = (changes: Parameters<typeof shadowOf>[3]) =>
    compiled({ weightBp: 0, shadows: [shadowOf('next', 'ranker-v3-shadow', '3.0.0', changes)] });
  const reasons = (changes: Parameters<typeof shadowOf>[3], request: RequestFacts) =>
    decide(withShadow(changes), request)?.skipped.map(({ reason }) => reason);

  test('by unit always sees the same people, and about that share of them', () => {
    const sampled = Array.from({ length: 2_000 }, (_, user) =>
      reasons({ sampleBp: 1_000, sampleBy: 'unit' }, facts({ 'x-user-id': `u${user}` }, { random: Math.random() })),
    );
    const again = sampled.map((_, user) =>
      reasons({ sampleBp: 1_000, sampleBy: 'unit' }, facts({ 'x-user-id': `u${user}` }, { random: Math.random() })),
    );
    expect(again).toEqual(sampled);
    const seen = sampled.filter((skipped) => skipped?.length === 0).length;
    expect(Math.abs(seen / 2_000 - 0.1)).toBeLessThan(4 * Math.sqrt((0.1 * 0.9) / 2_000));
  });

  test('by unit sees nobody who has none', () => {
    expect(reasons({ sampleBp: 9_999, sampleBy: 'unit' }, facts())).toEqual(['no-unit']);
  });

  test('by request follows the number drawn for the request', () => {
    expect(reasons({ sampleBp: 1_000 }, facts({}, { random: 0.0999 }))).toEqual([]);
    expect(reasons({ sampleBp: 1_000 }, facts({}, { random: 0.1 }))).toEqual(['not-sampled']);
  });

  test('sees only its methods and bodies within its size', () => {
    const post = (length: string) => facts({ 'content-length': length }, { method: 'POST', hasBody: true });
    expect(reasons({ methods: ['GET'] }, post('1'))).toEqual(['method']);
    expect(reasons({ methods: ['GET', 'POST'], maxBodyBytes: 10 }, post('10'))).toEqual([]);
    expect(reasons({ maxBodyBytes: 10 }, post('11'))).toEqual(['body-too-large']);
  });

  test('may see bodies of unknown length of the content types it names', () => {
    const stream = (type: string) => facts({ 'content-type': type }, { method: 'POST', hasBody: true });
    const changes = { mirrorUnknownLength: ['application/json', 'text/*'] };
    expect(['application/json', 'text/plain'].map((type) => reasons(changes, stream(type)))).toEqual([[], []]);
    expect(reasons(changes, stream('application/json+x'))).toEqual(['body-length-unknown']);
  });
});
