import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openStore } from '../../../src/store/sqlite.ts';

const committer = join(import.meta.dirname, 'committer.ts');

test('kill -9 at any moment loses no acknowledged change and leaves no half one', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-kill-'));
  const path = join(folder, 'understudy.db');
  let acknowledged = 0;
  for (const acknowledgements of fc.sample(fc.integer({ min: 1, max: 60 }), { numRuns: 10, seed: 20_260_401 })) {
    acknowledged = await killedAfter(acknowledgements, path);
    const store = openStore(path);
    const revision = store.revision();
    expect(revision).toBeGreaterThanOrEqual(acknowledged);
    expect(store.states()[0]?.revision).toBe(revision);
    expect(store.events({ limit: 10_000 }).map((event) => event.revision)).toEqual(
      Array.from({ length: revision }, (_, i) => revision - i),
    );
    store.close();
  }
  rmSync(folder, { recursive: true });
});

/** The last revision a committing process acknowledged before it was killed. */
async function killedAfter(acknowledgements: number, path: string): Promise<number> {
  const child: ChildProcess = spawn(process.execPath, [committer, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let last = 0;
  let count = 0;
  for await (const line of createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })) {
    last = Number(line);
    count += 1;
    if (count === acknowledgements) child.kill('SIGKILL');
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  return last;
}
