/** One thing that is wrong in a configuration file. */
export interface Problem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** For example `rollouts[0].stable.cluster`; empty for the whole file. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  /** A sentence of expected and found. */
  readonly message: string;
}

/** Everything that is wrong in one file, from top to bottom; its message has one line for each problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const sorted = inOrder(problems);
    super(sorted.map((problem) => formatProblem(problem)).join('\n'));
    this.problems = sorted;
  }
}

/** From top to bottom. */
export function inOrder(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

/** `file:line:column: path: message`, with `mark` before the path. */
export function formatProblem({ file, line, column, path, message }: Problem, mark = ''): string {
  return `${file}:${line}:${column}: ${mark}${path === '' ? '' : `${path}: `}${message}`;
}
