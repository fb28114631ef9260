import { expect, test } from 'vitest';
import { targetOf } from '../../../src/cli/client.ts';
import { socketAddressOf } from '../../../src/sockets/address.ts';

const target = (where: string, ca?: Buffer) => targetOf(socketAddressOf(where), where, { ca, certificate: undefined });

test('in the clear it is the address itself that is connected to, and by TLS the name that the certificate says', () => {
  expect(target('localhost:9465')).toBe('127.0.0.1:9465');
  expect(target('[::1]:9465')).toBe('[::1]:9465');
  expect(target('localhost:9465', Buffer.alloc(1))).toBe('localhost:9465');
  expect(target('understudy.internal:9465')).toBe('understudy.internal:9465');
  expect(target('/run/understudy/admin.sock')).toBe('unix:/run/understudy/admin.sock');
});
