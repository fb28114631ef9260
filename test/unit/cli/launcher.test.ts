import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const launcher = join(import.meta.dirname, '../../../bin/understudy.cjs');

test('the launcher passes arguments and the exit code', () => {
  const { status, stderr } = spawnSync(process.execPath, [launcher, 'status', '--admin', '/nowhere/admin.sock'], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('no sidecar answers at /nowhere/admin.sock (ENOENT)\n');
  expect(status).toBe(3);
});
