import { statSync } from 'node:fs';

const EVERY_MS = 500;

/**
 * Calls `onChange` after the file at `path` was written, replaced, or a link on the way to it was changed, once it has
 * stood still for `everyMs`; also when it is gone. Asking for it again and again is the one way that sees all of these
 * on every file system. Returns what ends it.
 */
export function watchFile(path: string, onChange: () => void, everyMs = EVERY_MS): () => void {
  let told = identity(path);
  let before = told;
  const timer = setInterval(() => {
    const now = identity(path);
    if (now !== told && now === before) {
      told = now;
      onChange();
    }
    before = now;
  }, everyMs);
  return () => clearInterval(timer);
}

function identity(path: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
