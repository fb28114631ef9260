import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { importFaults } from '../../../rig/import-directions.ts';

test('every import in src goes one way, and pure rooms take nothing with side effects', () => {
  expect(importFaults(resolve(import.meta.dirname, '../../../src'))).toEqual([]);
});

test.each([
  ['routing/a.ts', "import { x } from '../extproc/b.ts';", 'routing/a.ts imports extproc/b.ts, which is above it'],
  ['extproc/a.ts', "import type { X } from '../admin/b.ts';", 'extproc/a.ts imports admin/b.ts, which is beside it'],
  ['routing/a.ts', "import {\n  readFileSync,\n} from 'node:fs';", 'routing/a.ts is pure and imports node:fs'],
  [
    'pairing/a.ts',
    "import { trace } from '@opentelemetry/api';",
    'pairing/a.ts is pure and imports @opentelemetry/api',
  ],
  ['news/a.ts', "import { x } from '../routing/b.ts';", 'news/a.ts: news/a.ts is in no row'],
])('%s with %j is a fault', (file, text, fault) => {
  const src = mkdtempSync(join(tmpdir(), 'understudy-imports-'));
  onTestFinished(() => rmSync(src, { recursive: true }));
  mkdirSync(dirname(join(src, file)), { recursive: true });
  writeFileSync(join(src, file), text);
  expect(importFaults(src)).toEqual([fault]);
});
