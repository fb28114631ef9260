import { randomBytes } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { createTokenDesk } from '../../../src/access/token-desk.ts';
import { toStatus } from '../../../src/admin/errors.ts';
import { tokenHandlers } from '../../../src/admin/tokens.ts';
import { exit, explainFailure } from '../../../src/cli/exit.ts';
import { openStore } from '../../../src/store/sqlite.ts';

function start() {
  const store = openStore(':memory:');
  const lines: string[] = [];
  const tokens = createTokenDesk(store, { nowMs: () => 1_000, random: randomBytes });
  const handlers = tokenHandlers({ tokens, log: (line) => lines.push(line) });
  const create = (name = 'ci') => handlers.createToken({ name, role: 'viewer', lifetimeMs: 3_600_000, actor: 'ana' });
  return { store, lines, handlers, create };
}

function statusOf(act: () => unknown) {
  try {
    act();
  } catch (error) {
    return toStatus(error);
  }
  return undefined;
}

test('a token that cannot be stored is UNAVAILABLE in one sentence, exit code 4, and is not said to be made', () => {
  const { store, lines, create, handlers } = start();
  const { token } = create();
  lines.length = 0;
  store.close();
  const details = 'tokens: the change cannot be stored, and no token was';
  const made = statusOf(create);
  expect(made).toEqual({ code: status.UNAVAILABLE, details: `${details} made: statement has been finalized` });
  expect(explainFailure(Object.assign(new Error(), made)).code).toBe(exit.refused);
  const revoked = statusOf(() => handlers.revokeToken({ id: token?.id ?? '', actor: 'ana' }));
  expect(revoked).toEqual({ code: status.UNAVAILABLE, details: `${details} revoked: statement has been finalized` });
  expect(lines).toEqual([]);
});

test('what is refused for another reason is told as that', () => {
  const { create, handlers } = start();
  expect(statusOf(() => create('A B'))?.code).toBe(status.INVALID_ARGUMENT);
  expect(statusOf(() => handlers.revokeToken({ id: 'none', actor: 'ana' }))?.code).toBe(status.NOT_FOUND);
});
