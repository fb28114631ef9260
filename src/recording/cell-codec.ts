import type { Cell } from '../evidence/sums.ts';

/** What recording needs of evidence: cells added up, and as text. */
export interface CellCodec {
  /** Adds to `into`, by key. */
  readonly mergeCells: (into: Map<string, Cell>, cells: Iterable<Cell>) => void;
  readonly cellToJson: (cell: Cell) => string;
  readonly cellFromJson: (text: string) => Cell;
}
