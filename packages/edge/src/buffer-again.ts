/**
 * What central acknowledged and may not hold: rows that are made due again.
 * Rule: one transaction is never more than a slice of them where all are meant, and none is asked for twice.
 */
import { DOUBTED_KEY, type BufferRows } from "./buffer-rows.ts";

type Ranges = readonly (readonly [number, number])[];

/** One slice is some 10 ms here and 100 ms on a Pi, so that cameras never wait long; 600,000 rows are 1,200 of them. */
const SLICE_ROWS = 500;

/** Numbers of an epoch that are in none of the ranges, from the first that anything is said about. */
export const gapsBetween = (ranges: Ranges, truncated: boolean): [number, number][] => {
  if (truncated && ranges.length === 0) return [];
  let next = truncated ? (ranges[0]?.[0] ?? 1) : 1;
  const gaps: [number, number][] = [];
  for (const [first, last] of ranges) {
    if (first > next) gaps.push([next, first - 1]);
    next = Math.max(next, last + 1);
  }
  return [...gaps, [next, Number.MAX_SAFE_INTEGER]];
};

/**
 * Makes acknowledged rows due again that lie in gaps of what central holds; returns how many.
 * @param except rows that it may have come to hold since it looked
 */
export const unholdRows = (
  rows: BufferRows,
  epoch: number,
  gaps: readonly [number, number][],
  except: ReadonlySet<number>,
): number => {
  const epochs = rows.epochs();
  const at = epochs.findIndex((known) => known.epoch === epoch);
  const base = epochs[at]?.base;
  if (base === undefined) return 0;
  const end = epochs[at + 1]?.base ?? Number.MAX_SAFE_INTEGER;
  const exceptText = JSON.stringify([...except]);
  return rows.together(() => {
    let count = 0;
    for (const [first, last] of gaps) {
      const seqs = rows.statements.unhold.all(base + first, Math.min(end, base + last), exceptText);
      for (const seq of seqs) rows.statements.wantImages.run(seq, seq);
      count += seqs.length;
    }
    return count;
  });
};

/** All rows below this one are doubted; null when none is. */
const doubtedBelow = ({ statements }: BufferRows): number | null => {
  const below = statements.getMeta.get(DOUBTED_KEY);
  return below === undefined ? null : Number(below);
};

export const isDoubting = (rows: BufferRows): boolean => doubtedBelow(rows) !== null;

/** Notes that every row of now is to be sent again, whatever its receipt says. */
export const doubtRows = (rows: BufferRows): void =>
  void rows.statements.setMeta.run(DOUBTED_KEY, String(rows.head().seq + 1));

/** Makes the newest slice of the doubted rows due again; returns how many were not due, null when no row is doubted. */
export const repeatSlice = (rows: BufferRows): number | null => {
  const { statements } = rows;
  const below = doubtedBelow(rows);
  if (below === null) return null;
  const from = below - SLICE_ROWS;
  return rows.together(() => {
    const { changes } = statements.unholdAll.run(from, below - 1);
    // An image that is wanted of a row without a receipt is due as it is.
    statements.wantImages.run(from, below - 1);
    if (from > (statements.oldestSeq.get() ?? below)) statements.setMeta.run(DOUBTED_KEY, String(from));
    else statements.dropMeta.run(DOUBTED_KEY);
    return changes;
  });
};
