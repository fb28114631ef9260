/** The words of a closed set; a word that is added to its type and not here does not compile. */
export function words<Word extends string>(set: Readonly<Record<Word, true>>): Word[] {
  return Object.keys(set) as Word[];
}
