/** Generates src/gen from proto/: `npm run gen` writes it, `generate(folder)` into any folder (the check compares). */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

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

if (import.meta.main) generate(join(root, 'src/gen'));
