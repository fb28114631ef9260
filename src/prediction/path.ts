/** JSON Pointer (RFC 6901) and JSONPath (RFC 9535): checked and compiled once, looked up in every answer. */
import { type JsonValue, query } from 'jsonpath-rfc9535';
import parse from 'jsonpath-rfc9535/parser';
import type { Path } from './spec.ts';

export interface CompiledPath {
  /** The path may match any number of values: `find` gives the list of them. */
  readonly many: boolean;
  /** The value, undefined when there is none; with `many` the list, empty also where a value is too deep to be searched. Never throws. */
  readonly find: (json: unknown) => unknown;
}

/** Throws an error that says what is wrong with the path; `pathProblem` says it without. */
export function compilePath(path: Path): CompiledPath {
  const problem = pathProblem(path);
  if (problem !== undefined) throw new Error(`path ${JSON.stringify(path)}: ${problem}`);
  const steps = path.startsWith('$') ? jsonPathSteps(path) : pointerSteps(path);
  if (steps !== undefined) return { many: false, find: (json) => follow(steps, json) };
  return { many: true, find: (json) => search(path, json) };
}

/** What is wrong with a path, as a clause; undefined: nothing. */
export function pathProblem(path: Path): string | undefined {
  if (path.startsWith('$')) return jsonPathProblem(path);
  if (path !== '' && !path.startsWith('/')) return 'neither "/" nor "$" is its first character';
  const bad = /~(?![01])/.exec(path);
  return bad ? `"~" at character ${bad.index + 1} is followed by neither 0 nor 1` : undefined;
}

function jsonPathProblem(path: Path): string | undefined {
  try {
    const unknown = functionsIn(parse(path)).find((name) => !FUNCTIONS.has(name));
    return unknown === undefined ? undefined : `there is no function ${unknown}, only ${[...FUNCTIONS].join(', ')}`;
  } catch (error) {
    const { message, location } = error as Error & {
      readonly location?: { readonly start: { readonly offset: number } };
    };
    return location ? `at character ${location.start.offset + 1}: ${message}` : message;
  }
}

/** RFC 9535, 2.4. The library takes any other name, and finds nothing. */
const FUNCTIONS: ReadonlySet<string> = new Set(['length', 'count', 'match', 'search', 'value']);

function functionsIn(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const inside = Object.values(node).flatMap(functionsIn);
  return 'type' in node && node.type === 'FunctionExpr' && 'name' in node ? [String(node.name), ...inside] : inside;
}

/** Where to go from a map and from a list; undefined: nowhere. */
interface Step {
  readonly name: string | undefined;
  /** Negative: from the end. */
  readonly index: number | undefined;
}

function pointerSteps(path: Path): Step[] {
  return path
    .split('/')
    .slice(1)
    .map((token) => ({
      name: token.replaceAll('~1', '/').replaceAll('~0', '~'),
      index: /^(0|[1-9]\d*)$/.test(token) ? Number(token) : undefined,
    }));
}

/** Of a singular query (RFC 9535, 2.3.5.1), because the library parses its path again for every query; undefined: it is none. */
function jsonPathSteps(path: Path): Step[] | undefined {
  const steps: Step[] = [];
  for (const { type, node } of parse(path).segments) {
    if (type !== 'ChildSegment') return undefined;
    const [selector, ...more] = node.type === 'BracketedSelection' ? node.selectors : [node];
    if (more.length > 0) return undefined;
    if (selector?.type === 'MemberNameShorthand' || selector?.type === 'NameSelector') {
      steps.push({ name: selector.value, index: undefined });
    } else if (selector?.type === 'IndexSelector') {
      steps.push({ name: undefined, index: selector.value });
    } else return undefined;
  }
  return steps;
}

/** Own members only: an answer without a `constructor` has none. */
function follow(steps: readonly Step[], json: unknown): unknown {
  let value = json;
  for (const { name, index } of steps) {
    if (typeof value !== 'object' || value === null) return undefined;
    if (Array.isArray(value)) {
      if (index === undefined) return undefined;
      value = value.at(index);
    } else {
      if (name === undefined || !Object.hasOwn(value, name)) return undefined;
      value = (value as Record<string, unknown>)[name];
    }
  }
  return value;
}

function search(path: Path, json: unknown): unknown[] {
  try {
    return query(json as JsonValue, path);
  } catch {
    return [];
  }
}
