/**
 * Generates src/gen from proto/ and the JSON Schema of understudy.yaml: `npm run gen` writes them, `generate(folder)`
 * and `editorSchemaText()` are for the check, which compares.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { editorSchema } from '../src/config/editor-schema.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');

const services = [
  'envoy/service/ext_proc/v3/external_processor.proto',
  'envoy/service/accesslog/v3/als.proto',
  'grpc/health/v1/health.proto',
  'understudy/admin/v1/admin.proto',
];

const options = [
  'outputServices=grpc-js',
  'esModuleInterop=true',
  'importSuffix=.ts',
  'env=node',
  'oneof=unions-value',
  'forceLong=number',
  'enumsAsLiterals=true',
  'useOptionals=messages',
  'outputJsonMethods=false',
  'outputPartialMethods=false',
];

/** Replaces `folder` (absolute path) with the TypeScript of every service above and what it imports. */
export function generate(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  execFileSync(
    process.execPath,
    [
      join(modules, 'protoc/protoc.cjs'),
      `--plugin=protoc-gen-ts_proto=${join(modules, '.bin/protoc-gen-ts_proto')}`,
      `--ts_proto_out=${folder}`,
      `--ts_proto_opt=${options.join(',')}`,
      `-I${join(root, 'proto')}`,
      ...services,
    ],
    // the plugin's first line asks for `node`: it must be the pinned one
    { stdio: 'inherit', env: { ...process.env, PATH: `${join(modules, '.bin')}:${process.env.PATH}` } },
  );
}

/** Formatted as every file here. */
export function editorSchemaText(): string {
  const args = ['format', '--stdin-file-path=understudy.schema.json'];
  const input = JSON.stringify(editorSchema(), null, 2);
  return execFileSync(join(modules, '.bin/biome'), args, { input, cwd: root, encoding: 'utf8' });
}

export const editorSchemaFile = join(root, 'docs/understudy.schema.json');

if (import.meta.main) {
  generate(join(root, 'src/gen'));
  writeFileSync(editorSchemaFile, editorSchemaText());
}
