import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mayAct, ROLES, roleOf } from '../../../src/access/roles.ts';
import { hashOf, idOf, isSecretOf, newSecret } from '../../../src/access/token.ts';

test('a role may what those before it may, and no more', () => {
  const may = ROLES.map((role) => ROLES.filter((needed) => mayAct(role, needed)));
  expect(may).toEqual([
    ['viewer'],
    ['viewer', 'operator'],
    ['viewer', 'operator', 'approver'],
    ['viewer', 'operator', 'approver', 'admin'],
  ]);
  expect([roleOf('approver'), roleOf('root'), roleOf('')]).toEqual(['approver', undefined, undefined]);
});

test('a secret is its id and 32 random bytes', () => {
  const bytes = [Buffer.from([0, 25, 26, 31, 32, 57, 255, 1, 2, 3, 4, 5]), Buffer.alloc(32, 0xff)];
  const { id, secret } = newSecret(() => bytes.shift() ?? Buffer.alloc(0));
  expect(id).toBe('az27az7bcdef');
  expect(secret).toBe(`us_az27az7bcdef${'_'.repeat(42)}8`);
});

test('of a secret its id is read, of anything else none', () => {
  const { id, secret } = newSecret(randomBytes);
  expect(idOf(secret)).toBe(id);
  for (const other of [
    '',
    'us_',
    secret.slice(1),
    secret.slice(0, -1),
    `${secret}a`,
    secret.toUpperCase(),
    ` ${secret}`,
  ])
    expect(idOf(other)).toBeUndefined();
});

test('the hash is SHA-256 of the secret in hex', () => {
  expect(hashOf('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('any secret is that of its own token only', () => {
  const { secret } = newSecret(randomBytes);
  const token = { hash: hashOf(secret) };
  expect(isSecretOf(token, secret)).toBe(true);
  fc.assert(fc.property(fc.string(), (other) => other === secret || !isSecretOf(token, other)));
  expect(isSecretOf(undefined, secret)).toBe(false);
});
