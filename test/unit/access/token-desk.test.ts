import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createTokenDesk } from '../../../src/access/token-desk.ts';
import { openStore } from '../../../src/store/sqlite.ts';

const DAY_MS = 24 * 3_600_000;

function start() {
  const store = openStore(':memory:');
  const clock = { ms: 1_700_000_000_000 };
  const desk = createTokenDesk(store, { nowMs: () => clock.ms, random: randomBytes });
  const wanted = { name: 'ci', role: 'operator', lifetimeMs: DAY_MS, by: 'ana' };
  return { store, clock, desk, wanted };
}

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was thrown';
}

test('a token is found by its secret, which is stored nowhere', () => {
  const { store, desk, wanted, clock } = start();
  const { token, secret } = desk.create(wanted);
  expect(desk.logIn(secret)).toEqual(token);
  expect(token).toMatchObject({ name: 'ci', role: 'operator', createdBy: 'ana', expiresMs: clock.ms + DAY_MS });
  expect(JSON.stringify(store.tokens())).not.toContain(secret.slice(15));
});

test('a wrong secret is answered alike, whether its id is known or not', () => {
  const { desk, wanted } = start();
  const { secret } = desk.create(wanted);
  const messages = [`${secret.slice(0, 15)}${'A'.repeat(43)}`, `us_${'a'.repeat(12)}${'A'.repeat(43)}`, 'us_', ''].map(
    (wrong) => messageOf(() => desk.logIn(wrong)),
  );
  expect(new Set(messages)).toEqual(new Set(['authorization: this token is not known here']));
});

test('a token opens until it expires or is revoked', () => {
  const { desk, wanted, clock } = start();
  const [one, other] = [desk.create(wanted), desk.create(wanted)];
  clock.ms += DAY_MS - 1;
  expect(desk.logIn(one.secret).name).toBe('ci');
  expect(desk.revoke(other.token.id, 'bo')).toMatchObject({ revokedMs: clock.ms, revokedBy: 'bo' });
  expect(messageOf(() => desk.logIn(other.secret))).toBe(`authorization: token ${other.token.id} (ci) was revoked`);
  clock.ms += 1;
  expect(messageOf(() => desk.logIn(one.secret))).toBe(
    `authorization: token ${one.token.id} (ci) expired at 2023-11-15T22:13:20.000Z`,
  );
  // who revoked it first stays
  expect(desk.revoke(other.token.id, 'eve').revokedBy).toBe('bo');
});

test('what is wrong in a wish is named', () => {
  const { desk, wanted } = start();
  const said = (changes: object) => messageOf(() => desk.create({ ...wanted, ...changes }));
  expect(said({ name: 'Ana Li' })).toBe('expected 1 to 64 of a-z, 0-9, -, ., _ and @, found "Ana Li"');
  expect(said({ name: 'a'.repeat(65) })).toContain('1 to 64');
  expect(said({ role: 'root' })).toBe('expected viewer, operator, approver or admin, found "root"');
  for (const lifetimeMs of [0, 59_999, 366 * DAY_MS + 1]) expect(said({ lifetimeMs })).toContain('366 days');
  expect(said({ by: '' })).toBe('expected 1 to 200 characters, found 0');
  expect(messageOf(() => desk.revoke('nobody', 'ana'))).toBe('there is no token "nobody"');
  expect(desk.list()).toEqual([]);
});

test('at most 1,000 are kept, and those that ended 90 days ago make room', () => {
  const { desk, wanted, clock } = start();
  const first = desk.create({ ...wanted, lifetimeMs: 366 * DAY_MS });
  for (let n = 1; n < 1_000; n++) desk.create(wanted);
  expect(messageOf(() => desk.create(wanted))).toContain('there are 1000 tokens');
  clock.ms += 91 * DAY_MS;
  expect(messageOf(() => desk.create(wanted))).toContain('there are 1000 tokens');
  clock.ms += 1;
  desk.create(wanted);
  expect(desk.list()).toHaveLength(2);
  desk.revoke(first.token.id, 'ana');
  clock.ms += 90 * DAY_MS + 1;
  desk.create(wanted);
  expect(desk.list().map(({ id }) => id)).not.toContain(first.token.id);
});
