/** `npm run check`: everything that can be said about the code without running it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { editorSchemaFile, editorSchemaText, generate } from './generate.ts';
import { importFaults } from './import-directions.ts';

const root = resolve(import.meta.dirname, '..');
const bin = (name: string) => join(root, 'node_modules/.bin', name);

const checks: Record<string, () => string> = {
  'format and lint': () => output(bin('biome'), ['ci', '--colors=off', '--error-on-warnings', '.']),
  types: () => output(bin('tsc'), ['-p', 'tsconfig.json']),
  'generated code is current': generatedDiff,
  'editor schema is current': () =>
    readFileSync(editorSchemaFile, 'utf8') === editorSchemaText() ? '' : `${editorSchemaFile} is old: npm run gen`,
  'import directions': () => importFaults(join(root, 'src')).join('\n'),
};

/** What the command printed if it failed, else nothing. */
function output(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  if (error !== undefined) return error.message;
  return status === 0 ? '' : `${stdout}${stderr}`;
}

function generatedDiff(): string {
  const fresh = mkdtempSync(join(tmpdir(), 'understudy-gen-'));
  try {
    generate(fresh);
    const diff = ['diff', '--no-index', '--stat', join(root, 'src/gen'), fresh];
    return spawnSync('git', diff, { encoding: 'utf8' }).stdout && 'src/gen is not what proto/ makes: npm run gen';
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  const faults = check();
  if (faults !== '') failed++;
  process.stdout.write(faults === '' ? `ok      ${name}\n` : `FAILED  ${name}\n${faults}\n`);
}
process.exitCode = failed === 0 ? 0 : 1;
