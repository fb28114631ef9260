import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { RolloutSpec } from '../rollout/spec.ts';
import type { Rule } from '../routing/snapshot.ts';
import { type Contradiction, findContradictions } from './contradictions.ts';
import { ConfigError, type Problem } from './problem.ts';
import { type ConfigFile, fileSchema, laterKeys, type RolloutEntry } from './schema.ts';

/** understudy.yaml, complete: every default is filled in. */
export interface Config {
  readonly trustedHeaders: readonly string[];
  /** Absolute paths; one decide thread for each of `decide`. */
  readonly sockets: { readonly decide: readonly string[]; readonly observe: string; readonly admin: string };
  /** Absolute path of the SQLite file. */
  readonly store: string;
  readonly rollouts: readonly RolloutSpec[];
}

type Path = readonly (string | number)[];

/**
 * Reads the text of understudy.yaml; `fileName` is only what problems are printed with. Throws ConfigError with every
 * problem of form or, once the form is right, every contradiction between fields.
 */
export function parseConfig(text: string, fileName: string): Config {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'error' });

  const problem = (offset: number, path: Path, expected: string, found: string, message?: string): Problem => {
    const { line, col: column } = lineCounter.linePos(offset);
    message ??= `expected ${expected}, found ${found}`;
    return { file: fileName, line, column, path: formatPath(path), expected, found, message };
  };
  const problemAt = ({ path: asList, expected, atKey, reason }: Contradiction): Problem => {
    const path = throughScalar(document, asList);
    const found = atKey ? JSON.stringify(path.at(-1)) : describe(nodeAt(document, path));
    const offset = atKey ? keyOffset(document, path) : offsetOf(document, path);
    return problem(offset, path, expected, found, reason && `expected ${expected}, found ${found}: ${reason}`);
  };
  const unknownKey = (path: Path, key: string, expected: string): Problem => {
    const message = laterKeys.has(key) ? 'not supported yet' : `unknown key, expected ${expected}`;
    return problem(keyOffset(document, path), path, expected, key, message);
  };

  if (document.errors.length > 0) {
    throw new ConfigError(document.errors.map((error) => problem(error.pos[0], [], 'YAML', error.message)));
  }
  let plain: unknown;
  try {
    plain = document.toJS();
  } catch (error) {
    // an alias without its anchor, or aliases that multiply; the message names it, the place is not known
    throw new ConfigError([problem(0, [], 'YAML', (error as Error).message)]);
  }
  const parsed = fileSchema.safeParse(plain);
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.flatMap((issue) => {
        const path = issue.path.filter((step) => typeof step !== 'symbol');
        const expected = issue.message;
        if (issue.code === 'unrecognized_keys')
          return issue.keys.map((key) => unknownKey([...path, key], key, expected));
        const atKey = issue.code === 'invalid_key' || (issue.code === 'custom' && issue.params?.atKey === true);
        return [problemAt({ path, expected, atKey })];
      }),
    );
  }
  const contradictions = findContradictions(parsed.data);
  if (contradictions.length > 0) {
    throw new ConfigError(contradictions.map(problemAt));
  }
  return toConfig(parsed.data);
}

function toConfig({ trustedHeaders, sockets, store, rollouts }: ConfigFile): Config {
  return { trustedHeaders: [...new Set(trustedHeaders)], sockets, store, rollouts: rollouts.map(toSpec) };
}

function toSpec({ route, salt, initialWeight, capture, rules, ...entry }: RolloutEntry): RolloutSpec {
  return {
    ...entry,
    routes: route ?? [entry.name],
    rules: rules.map(toRule),
    capture: { requestBytes: capture.request, responseBytes: capture.response },
    salt: salt ?? `${entry.name}/${entry.canary.version}`,
    initialWeightBp: initialWeight,
  };
}

function toRule({ when: { header, segment }, arm, weight }: RolloutEntry['rules'][number]): Rule {
  const when = { ...(header && { header }), ...(segment && { segment }) };
  return arm === undefined ? { when, weightBp: weight ?? 0 } : { when, arm };
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
  return isSeq(node) ? `a list of ${node.items.length}` : 'a map';
}
