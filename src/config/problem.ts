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
    const inOrder = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
    super(inOrder.map(formatProblem).join('\n'));
    this.problems = inOrder;
  }
}

function formatProblem({ file, line, column, path, message }: Problem): string {
  return `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`;
}
