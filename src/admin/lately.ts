/**
 * `make`, asked by many at once, is made once: what was made less than `sharedMs` ago is given again, unless `revision` is
 * another one since.
 */
export function lately<Made>(
  make: () => Made,
  parts: { readonly sharedMs: number; readonly nowMs: () => number; readonly revision: () => number },
): () => Made {
  const { sharedMs, nowMs, revision } = parts;
  let last: { readonly atMs: number; readonly revision: number; readonly made: Made } | undefined;
  return () => {
    const now = revision();
    if (last?.revision !== now || nowMs() - last.atMs >= sharedMs)
      last = { atMs: nowMs(), revision: now, made: make() };
    return last.made;
  };
}
