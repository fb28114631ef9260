/** Which files of a recording have to go. */
import type { Sized } from './compact.ts';

/** A segment's last row was written at most so long after its first. */
const SEGMENT_MS = 3_600_000;

/**
 * Every file whose youngest row is older than `maxAgeMs` by its name, then, while all together are over `maxBytes`, the
 * oldest: of rows first, because blocks are small and tell of the whole time.
 */
export function expired<File extends Pick<Sized, 'writtenMs' | 'bytes'>>(
  files: { readonly rows: readonly File[]; readonly blocks: readonly File[] },
  { nowMs, maxAgeMs, maxBytes }: { nowMs: number; maxAgeMs: number; maxBytes: number },
): File[] {
  const isOld = ({ writtenMs }: File) => writtenMs + SEGMENT_MS < nowMs - maxAgeMs;
  const all = [files.rows, files.blocks].map((kind) => [...kind].sort((a, b) => a.writtenMs - b.writtenMs));
  const gone = all.flat().filter(isOld);
  const left = all.flat().filter((file) => !isOld(file));
  let bytes = left.reduce((sum, file) => sum + file.bytes, 0);
  for (const file of left) {
    if (bytes <= maxBytes) break;
    gone.push(file);
    bytes -= file.bytes;
  }
  return gone;
}
