/** Which folder of src may import which: the house as ARCHITECTURE.md draws it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

/** From the door to the cellar. A file imports from its own folder and from lower rows, never beside or above. */
const ROWS: readonly (readonly string[])[] = [
  ['main.ts'],
  ['cli'],
  ['app.ts', 'doctor'],
  ['control.ts'],
  ['threads'],
  ['metrics'],
  ['extproc', 'accesslog', 'admin', 'render', 'replay'],
  ['report'],
  ['config', 'store', 'baseline'],
  ['judging', 'notifications', 'access'],
  ['recording', 'outcomes'],
  ['telemetry'],
  ['plan'],
  ['rollout'],
  ['guards'],
  ['evidence', 'geography'],
  ['pairing'],
  ['comparison'],
  ['routing'],
  ['prediction'],
  ['sockets', 'sqlite', 'gen', 'version.ts'],
];

/** Rooms without a clock, I/O or gRPC, and all they may take from outside. */
const PURE = [
  'routing',
  'prediction',
  'comparison',
  'pairing',
  'evidence',
  'guards',
  'plan',
  'rollout/state.ts',
  'rollout/spec.ts',
  ...[
    'hold',
    'seen',
    'machine',
    'people',
    'move',
    'stages',
    'guard-table',
    'breaker',
    'breaker-window',
    'waits',
    'retired',
  ].map((file) => `rollout/${file}.ts`),
  'recording/kept.ts',
  'recording/redact.ts',
  'access/roles.ts',
  'access/token.ts',
];
const HARMLESS = [
  'xxhash-wasm',
  're2js',
  'jsonpath-rfc9535',
  'jsonpath-rfc9535/parser',
  'node:buffer',
  'node:crypto',
  'node:util',
  'node:perf_hooks',
];

const IMPORT = /^\s*(import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'|import\('([^']+)'\)/gm;

/** Every import that goes the wrong way, as a sentence; empty = all is well. */
export function importFaults(src: string): string[] {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return files
    .filter((file) => !file.startsWith('gen/'))
    .flatMap((file) => importsOf(src, file).flatMap((imported) => faultOf(file, imported) ?? []));
}

interface Imported {
  /** Path below src, or a package's name. */
  readonly name: string;
  readonly own: boolean;
  readonly typeOnly: boolean;
}

function importsOf(src: string, file: string): Imported[] {
  const text = readFileSync(join(src, file), 'utf8');
  return [...text.matchAll(IMPORT)].map(([, , type, from, dynamic]) => {
    const name = from ?? dynamic ?? '';
    const own = name.startsWith('.');
    return { name: own ? relative(src, resolve(src, file, '..', name)) : name, own, typeOnly: type !== undefined };
  });
}

function faultOf(file: string, { name, own, typeOnly }: Imported): string | undefined {
  if (own) {
    const [from, to] = [rowOf(file), rowOf(name)];
    if (to === undefined && name.startsWith('..')) return undefined;
    if (from === undefined || to === undefined) return `${file}: ${from === undefined ? file : name} is in no row`;
    if (folderOf(file) === folderOf(name) || to > from) return undefined;
    return `${file} imports ${name}, which is ${to === from ? 'beside' : 'above'} it`;
  }
  const pure = PURE.some((room) => file === room || file.startsWith(`${room}/`));
  if (!pure || typeOnly || HARMLESS.includes(name)) return undefined;
  return `${file} is pure and imports ${name}`;
}

function folderOf(file: string): string {
  return file.split('/')[0] ?? '';
}

function rowOf(file: string): number | undefined {
  const row = ROWS.findIndex((rooms) => rooms.includes(folderOf(file)));
  return row === -1 ? undefined : row;
}
