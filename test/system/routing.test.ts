import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bucketOf } from '../../src/routing/bucket.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage.stop());

/** The version that answered each user, asked 32 at a time. */
async function versionsFor(users: readonly string[], headers: Record<string, string> = {}): Promise<string[]> {
  const versions: string[] = [];
  for (let from = 0; from < users.length; from += 32) {
    const batch = users.slice(from, from + 32);
    const answers = await Promise.all(batch.map((user) => stage.request({ 'x-user-id': user, ...headers })));
    expect(answers.map(({ status }) => status)).toEqual(batch.map(() => 200));
    versions.push(...answers.map(({ version }) => version));
  }
  return versions;
}

const people = (count: number) => Array.from({ length: count }, (_, index) => `user-${index}`);

describe('the split', () => {
  test('follows the weight: the canary share of 3,000 users is within 4 standard deviations of 5 %, and exact by hash', async () => {
    await stage.setWeight(500);
    const users = people(3_000);
    const versions = await versionsFor(users);
    const share = versions.filter((version) => version === '2.0.0').length / users.length;
    expect(Math.abs(share - 0.05)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / users.length));
    const expected = users.map((user) => (bucketOf('flight-delay/2.0.0', 'header', user) < 500 ? '2.0.0' : '1.0.0'));
    expect(versions).toEqual(expected);
  });

  test('is sticky at every weight and moves nobody back over 0 -> 1 -> 5 -> 100 %', async () => {
    const users = people(400);
    let before = users.map(() => '1.0.0');
    for (const weightBp of [0, 100, 500, 10_000]) {
      await stage.setWeight(weightBp);
      const versions = await versionsFor(users);
      expect(await versionsFor(users)).toEqual(versions);
      versions.forEach((version, index) => {
        if (before[index] === '2.0.0') expect(version).toBe('2.0.0');
      });
      before = versions;
    }
    expect(new Set(before)).toEqual(new Set(['2.0.0']));
  });
});

describe('a request is led by', () => {
  test('a header rule, at any weight', async () => {
    await stage.setWeight(0);
    expect(await versionsFor(people(20), { 'x-canary': 'always' })).toEqual(people(20).map(() => '2.0.0'));
    await stage.setWeight(10_000);
    expect(await versionsFor(people(20), { 'x-canary': 'never' })).toEqual(people(20).map(() => '1.0.0'));
  });

  test('geography, as soon as the weight is above 0', async () => {
    await stage.setWeight(1);
    expect(await versionsFor(people(50), { 'x-geo-state': 'NZ' })).toEqual(people(50).map(() => '2.0.0'));
    await stage.setWeight(0);
    expect(await versionsFor(people(50), { 'x-geo-state': 'NZ' })).toEqual(people(50).map(() => '1.0.0'));
  });

  test('nothing without a unit: stable answers', async () => {
    await stage.setWeight(10_000);
    expect((await stage.request()).version).toBe('1.0.0');
  });

  test('nothing a client forges: our headers are stripped, whatever they say', async () => {
    await stage.setWeight(0);
    const before = { v2: stage.models.v2.requests, v3: stage.models.v3.requests };
    const forged = {
      'x-understudy-arm': 'canary',
      'X-Understudy-Id': 'f'.repeat(32),
      'x-understudy-mirror-3': 'understudy_loop',
      'x-understudy-shadow-3': 'flight-delay-v1-shadow',
      'x-understudy-capture': '1000000,1000000',
      'x-understudy-role': 'shadow-1',
    };
    const users = people(20);
    expect(await versionsFor(users, forged)).toEqual(users.map(() => '1.0.0'));
    await stage.waitForPairs(1);
    const seen = stage.models.v1.seen.slice(-20);
    for (const { headers } of seen) {
      expect(headers['x-understudy-id']).not.toBe('f'.repeat(32));
      expect(headers['x-understudy-arm']).toBe('stable');
      expect(headers['x-understudy-capture']).toBe('0,65536');
      expect([headers['x-understudy-shadow-3'], headers['x-understudy-role']]).toEqual([undefined, undefined]);
    }
    // two shadows, twenty requests, one copy each: the forged third copy was not made
    expect(stage.models.v2.requests - before.v2).toBeLessThanOrEqual(20);
    expect(stage.models.v3.requests - before.v3).toBeLessThanOrEqual(20);
  });
});

describe('two shadows at once', () => {
  test('each get a whole copy of the request, marked with its role, and make a pair each', async () => {
    await stage.setWeight(0);
    const body = JSON.stringify({ inputs: 'x'.repeat(200_000) });
    const answer = await stage.request({ 'x-user-id': 'two-shadows', 'x-geo-state': 'CO' }, body);
    expect(answer).toMatchObject({ status: 200, version: '1.0.0' });
    const id = stage.models.v1.seen.at(-1)?.headers['x-understudy-id'];
    const pairs = await untilPairsOf(id);
    expect(pairs.map(({ shadow, answeredBy, segments }) => [shadow, answeredBy, segments]).sort()).toEqual([
      ['candidate', 'reference', { state: 'CO' }],
      ['next', 'reference', { state: 'CO' }],
    ]);
    // the number of each version is its own, the class is shared
    for (const pair of pairs) expect(pair.outputs).toEqual({ expected_delay_minutes: false, late: true });
    for (const [model, role] of [
      [stage.models.v2, 'shadow-1'],
      [stage.models.v3, 'shadow-2'],
    ] as const) {
      const copy = model.seen.findLast(({ headers }) => headers['x-understudy-id'] === id);
      expect([copy?.body, copy?.headers['x-understudy-role'], copy?.headers['x-shadowed']]).toEqual([body, role, '1']);
    }
  });

  test('are one when the canary answers: a shadow of the version that answered learns nothing', async () => {
    await stage.request({ 'x-user-id': 'u', 'x-canary': 'always' });
    const id = stage.models.v2.seen.at(-1)?.headers['x-understudy-id'];
    const pairs = await untilPairsOf(id, 1);
    expect(pairs.map(({ shadow, referenced }) => [shadow, referenced])).toEqual([['next', false]]);
  });

  async function untilPairsOf(id: string | string[] | undefined, count = 2) {
    const { until } = await import('../../rig/until.ts');
    return until(
      async () => {
        const pairs = (await stage.pairs()).filter((pair) => pair.id === id);
        return pairs.length >= count ? pairs : undefined;
      },
      { what: `${count} pairs of ${id}` },
    );
  }
});
