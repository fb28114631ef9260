import type { Terminal } from '../../../src/cli/terminal.ts';

export interface FakeTerminal extends Terminal {
  readonly printed: string[];
  readonly errors: string[];
  end(): void;
  hangUp(): void;
}

/** Collects what is printed; `onOut` sees it as it comes. */
export function fakeTerminal(env: Record<string, string> = {}, onOut: (text: string) => void = () => {}): FakeTerminal {
  const ending = new AbortController();
  const hangUps: (() => void)[] = [];
  const printed: string[] = [];
  const errors: string[] = [];
  return {
    printed,
    errors,
    env,
    interactive: false,
    signal: ending.signal,
    out: (text) => {
      printed.push(text);
      onOut(text);
    },
    error: (text) => errors.push(text),
    end: () => ending.abort(),
    onHangUp: (listener) => hangUps.push(listener),
    hangUp: () => {
      for (const listener of hangUps) listener();
    },
  };
}
