/** Everything about the present release of each rollout, over all weights: for people to look at. Bounded. Pure. */
import { cellKey, mergeCells } from './merge.ts';
import type { Block, Cell } from './sums.ts';

export interface LiveEvidence {
  addBlock(block: Block): void;
  /** The cells of the block that is still open; replaced by each call. */
  setOpen(cells: readonly Cell[]): void;
  /** Whoever held the open block is gone: what it showed last stays, so that no count ever falls. */
  keepOpen(): void;
  /** Of the present releases; weights are summed up and shown as 0. */
  cells(): readonly Cell[];
}

export interface LiveEvidenceParts {
  /** Cells of segments beyond it are left out, and counted. */
  readonly maxCells: number;
  /** The present release of a rollout; undefined when there is none. */
  readonly releaseOf: (rollout: string) => string | undefined;
  readonly count: (name: 'evidence.live-dropped', by: number) => void;
}

export function createLiveEvidence({ maxCells, releaseOf, count }: LiveEvidenceParts): LiveEvidence {
  const closed = new Map<string, Cell>();
  let open: readonly Cell[] = [];
  const isPresent = ({ key }: Cell) => releaseOf(key.rollout) === key.release;

  return {
    addBlock({ cells }) {
      for (const [name, cell] of closed) if (!isPresent(cell)) closed.delete(name);
      const present = cells.filter(isPresent).map(withoutWeight);
      // what is not of a segment is bounded by the configuration
      const taken = present.filter(
        ({ key }) => key.segment === '' || closed.size < maxCells || closed.has(cellKey(key)),
      );
      if (taken.length < present.length) count('evidence.live-dropped', present.length - taken.length);
      mergeCells(closed, taken);
    },
    setOpen(cells) {
      open = cells.map(withoutWeight);
    },
    keepOpen() {
      mergeCells(closed, open.filter(isPresent));
      open = [];
    },
    cells() {
      const all = new Map<string, Cell>();
      const present = [...closed.values()].filter(isPresent);
      mergeCells(
        all,
        present.filter(({ key }) => key.segment === ''),
      );
      mergeCells(all, open.filter(isPresent));
      return [...all.values(), ...present.filter(({ key }) => key.segment !== '')];
    },
  };
}

function withoutWeight(cell: Cell): Cell {
  return { ...cell, key: { ...cell.key, weightBp: 0 } };
}
