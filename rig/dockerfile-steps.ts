import { execFile } from 'node:child_process';
import { cpSync, readFileSync, statSync } from 'node:fs';
import { basename, delimiter, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';

export type Instruction = { readonly name: string; readonly text: string };

export type Steps = {
  readonly done: readonly string[];
  /** Commands of RUN that concern the image and not the folder. */
  readonly left: readonly string[];
};

/**
 * Carries out in `folder`, which stands for WORKDIR, what a Dockerfile's target does to it: COPY, as .dockerignore leaves
 * it, and `npm ci`, under the Node that runs this. Rejects when Docker would fail, and on a COPY it does not know.
 */
export async function carryOutDockerfile(context: string, target: string, folder: string): Promise<Steps> {
  const done: string[] = [];
  const left: string[] = [];
  const included = dockerignore(context);
  for (const { name, text } of readTarget(context, target)) {
    if (name === 'COPY') {
      copy(context, text, folder, included);
      done.push(`COPY ${text}`);
    }
    if (name !== 'RUN') continue;
    for (const command of text.split('&&').map((part) => part.trim())) {
      const ours = command.startsWith('npm ci ');
      if (ours) await run(command, folder);
      (ours ? done : left).push(command);
    }
  }
  return { done, left };
}

/**
 * The instructions that make a target, those of the stages it builds on before its own; the first is FROM with the name
 * of the image below them all. Throws on an unknown target.
 */
export function readTarget(context: string, target: string): Instruction[] {
  const lines = readFileSync(join(context, 'Dockerfile'), 'utf8').replaceAll(/^\s*#.*\n/gm, '');
  const stages = new Map<string, Instruction[]>();
  let stage: Instruction[] = [];
  for (const [, name = '', text = ''] of lines.replaceAll('\\\n', ' ').matchAll(/^(\w+)\s+(.*)$/gm)) {
    if (name === 'FROM') {
      const [from = '', , as = ''] = text.split(/\s+/);
      stage = [...(stages.get(from) ?? [{ name, text: from }])];
      stages.set(as, stage);
    } else {
      stage.push({ name, text });
    }
  }
  const found = stages.get(target);
  if (found === undefined) throw new Error(`the Dockerfile has no target ${target}: ${[...stages.keys()]}`);
  return found;
}

function copy(context: string, text: string, folder: string, included: (path: string) => boolean): void {
  const sources = text.split(/\s+/);
  const destination = sources.pop() ?? '';
  if (/^--|\s--/.test(text) || destination.startsWith('/')) throw new Error(`not known here: COPY ${text}`);
  for (const source of sources) {
    if (!included(source)) throw new Error(`.dockerignore leaves out ${source}`);
    const from = join(context, source);
    // Of a folder the content is copied, and not the folder.
    const name = destination.endsWith('/') && !statSync(from).isDirectory() ? basename(source) : '';
    const filter = (path: string) => included(relative(context, path));
    cpSync(from, join(folder, destination, name), { recursive: true, filter });
  }
}

/** Whether a path of the context gets to Docker: the last pattern decides that matches it or a folder above it. */
function dockerignore(context: string): (path: string) => boolean {
  const lines = readFileSync(join(context, '.dockerignore'), 'utf8').split('\n');
  const patterns = lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const glob = line.replace(/^!/, '').replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
      const form = glob.replaceAll(/\*\*?/g, (stars) => (stars === '*' ? '[^/]*' : '.*')).replaceAll('?', '[^/]');
      return { keeps: line.startsWith('!'), form: new RegExp(`^${form}(/|$)`) };
    });
  return (path) => patterns.findLast(({ form }) => form.test(path))?.keeps ?? true;
}

async function run(command: string, folder: string): Promise<void> {
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
  await promisify(execFile)('sh', ['-c', command], { cwd: folder, env: { ...process.env, PATH } });
}
