/**
 * Which rows of a long list are in view.
 * Rule: heights are known before a row is drawn, so nothing is measured and nothing shifts.
 */

/** Where each row begins and, as the last number, where the list ends. */
export const startsOf = <Row>(rows: readonly Row[], heightOf: (row: Row) => number): Float64Array => {
  const starts = new Float64Array(rows.length + 1);
  for (const [place, row] of rows.entries()) starts[place + 1] = (starts[place] ?? 0) + heightOf(row);
  return starts;
};

/** The last row that begins at or before a place. */
const rowAt = (starts: Float64Array, place: number): number => {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= place) low = middle;
    else high = middle - 1;
  }
  return low;
};

/** The first row in view and the first after it. */
export const rowsInView = (starts: Float64Array, top: number, bottom: number): { first: number; end: number } => {
  const rows = starts.length - 1;
  const first = Math.min(rowAt(starts, top), rows);
  return { first, end: bottom < 0 ? 0 : Math.min(rowAt(starts, bottom) + 1, rows) };
};
