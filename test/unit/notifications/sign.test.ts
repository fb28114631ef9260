import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readKeys } from '../../../src/notifications/secret.ts';
import { keysIn, signatureOf } from '../../../src/notifications/sign.ts';

// of the reference libraries of Standard Webhooks and of Svix
test.each([
  [
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'msg_p5jXN8AQM9LWM0D4loKWxJek',
    1_614_265_330,
    '{"test": 2432232314}',
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  ],
  [
    'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
    'msg_27UH4WbU6Z5A5EzD8u03UvzRbpk',
    1_649_367_553,
    '{"email":"test@example.com","username":"test_user"}',
    'v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=',
  ],
])('the secret %s gives the known signature', (secret, id, timestampS, body, signature) => {
  expect(signatureOf(keysIn(secret), id, timestampS, body)).toBe(signature);
});

test('while a secret is exchanged, a message is signed with both', () => {
  const [oldOne, newOne] = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'];
  const alone = [oldOne, newOne].map((secret) => signatureOf(keysIn(secret), 'id', 1, '{}'));
  expect(signatureOf(keysIn(` ${oldOne} \n\n${newOne}\n`), 'id', 1, '{}')).toBe(alone.join(' '));
});

test('a secret that is plain text is taken as its UTF-8', () => {
  const key = '24 letters, one is an é.';
  expect(keysIn(`${key}\n`)).toEqual([Buffer.from(key, 'utf8')]);
});

test.each([
  [' \n', 'expected a secret, found nothing'],
  ['short', 'expected a secret of at least 24 bytes, found 5'],
  ['whsec_c2hvcnQ=', 'expected a secret of at least 24 bytes, found 5'],
  ['whsec_not base64 at all!!', 'expected base64 after whsec_, found something else'],
  ['a\nb\nc', 'expected one secret or two, found 3 lines'],
])('the secret %j is refused', (text, why) => {
  expect(() => keysIn(text)).toThrow(why);
});

test('a secret is read from where it is now, and what is wrong with the place is said without it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'secret');
  await expect(readKeys({ file }, {})).rejects.toThrow(`${file}: ENOENT`);
  mkdirSync(file);
  await expect(readKeys({ file }, {})).rejects.toThrow(`${file}: expected a file`);
  rmSync(file, { recursive: true });
  writeFileSync(file, 'a'.repeat(4_097));
  await expect(readKeys({ file }, {})).rejects.toThrow(`${file}: expected at most 4096 bytes`);
  writeFileSync(file, 'hush');
  // the whole of it: the secret itself is not said
  await expect(readKeys({ file }, {})).rejects.toThrow(
    new Error(`${file}: expected a secret of at least 24 bytes, found 4`),
  );
  writeFileSync(file, 'twenty-four bytes of text');
  expect(await readKeys({ file }, {})).toEqual(keysIn('twenty-four bytes of text'));
  expect(await readKeys({ env: 'HOOK' }, { HOOK: 'twenty-four bytes of text' })).toHaveLength(1);
  await expect(readKeys({ env: 'HOOK' }, {})).rejects.toThrow('$HOOK: expected a secret, found nothing');
});
