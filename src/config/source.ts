/** The YAML text of a configuration file: its values, and where in the text each of them stands. */
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';
import type { Fault } from './forms.ts';
import { ConfigError, type Problem } from './problem.ts';

export type Path = readonly (string | number)[];

export interface Source {
  readonly plain: unknown;
  /** What stands at `path`, said with line and column. Without a message: a sentence of expected, found and reason. */
  problem(path: Path, expected: string, fault?: Omit<Fault, 'path'> & { readonly message?: string }): Problem;
}

/** Throws ConfigError when the text is no YAML. `fileName` is only what problems are printed with. */
export function readSource(text: string, fileName: string): Source {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'error' });

  const problemAt = (offset: number, path: Path, expected: string, found: string, message: string): Problem => {
    const { line, col: column } = lineCounter.linePos(offset);
    return { file: fileName, line, column, path: formatPath(path), expected, found, message };
  };
  const noYaml = (offset: number, found: string) =>
    problemAt(offset, [], 'YAML', found, `expected YAML, found ${found}`);

  if (document.errors.length > 0) {
    throw new ConfigError(document.errors.map((error) => noYaml(error.pos[0], error.message)));
  }
  return {
    plain: toPlain(document, noYaml),
    problem(asList, expected, { atKey = false, reason, message, hidden = false } = {}) {
      const path = throughScalar(document, asList);
      const shown = () => (hidden ? 'something else (not shown)' : describe(nodeAt(document, path)));
      const found = atKey ? JSON.stringify(path.at(-1)) : shown();
      const offset = atKey ? keyOffset(document, path) : offsetOf(document, path);
      const why = reason === undefined ? '' : `: ${reason}`;
      return problemAt(offset, path, expected, found, message ?? `expected ${expected}, found ${found}${why}`);
    },
  };
}

function toPlain(document: Document, noYaml: (offset: number, found: string) => Problem): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // an alias without its anchor, or aliases that multiply
    throw new ConfigError([noYaml(brokenAliasOffset(document), (error as Error).message)]);
  }
}

function brokenAliasOffset(document: Document): number {
  let offset: number | undefined;
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) === undefined) offset ??= alias.range?.[0];
    },
  });
  return offset ?? 0;
}

function formatPath(path: Path): string {
  return path.map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i > 0 ? '.' : ''}${step}`)).join('');
}

function nodeAt(document: Document, path: Path): Node | undefined {
  return (path.length === 0 ? document.contents : document.getIn(path, true)) as Node | undefined;
}

/** A single value is read as a list of one: its path in the file has no `[0]`. */
function throughScalar(document: Document, path: Path): Path {
  const parent = path.slice(0, -1);
  return path.at(-1) === 0 && isScalar(nodeAt(document, parent)) ? parent : path;
}

/** Of the value, or of the nearest map or list around it when it is missing. */
function offsetOf(document: Document, path: Path): number {
  const offset = nodeAt(document, path)?.range?.[0];
  if (offset !== undefined) return offset;
  return path.length === 0 ? 0 : offsetOf(document, path.slice(0, -1));
}

/** Header names are keys in any case. */
function keyOffset(document: Document, path: Path): number {
  const map = nodeAt(document, path.slice(0, -1));
  const key = String(path.at(-1)).toLowerCase();
  const pair = isMap<Node>(map) ? map.items.find((item) => String(item.key).toLowerCase() === key) : undefined;
  return pair?.key.range?.[0] ?? offsetOf(document, path);
}

function describe(node: Node | undefined): string {
  if (isScalar(node)) {
    if (node.value === null) return 'nothing';
    return typeof node.value === 'string' ? JSON.stringify(node.value) : (node.source ?? String(node.value));
  }
  if (!node) return 'nothing';
  if (!isSeq<Node>(node)) return 'a map';
  const short = node.items.length > 0 && node.items.length < 4 && node.items.every((item) => isScalar(item));
  return short ? `[${node.items.map(describe).join(', ')}]` : `a list of ${node.items.length}`;
}
