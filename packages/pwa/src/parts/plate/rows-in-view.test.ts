/** Which rows are drawn. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { rowsInView, startsOf } from "./rows-in-view.ts";

test("every row that touches the view is drawn, and none that does not", () => {
  const heights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(heights, fc.integer({ min: -20, max: 600 }), fc.integer({ min: 0, max: 60 }), (rows, top, height) => {
      const starts = startsOf(rows, (row) => row);
      const { first, end } = rowsInView(starts, top, top + height);
      for (const [place, row] of rows.entries()) {
        const start = starts[place] ?? 0;
        const touches = start + row > top && start <= top + height;
        expect(place >= first && place < end).toBe(touches);
      }
    }),
  );
});

test("an empty list has no rows in view", () => {
  expect(
    rowsInView(
      startsOf([], () => 1),
      0,
      100,
    ),
  ).toEqual({ first: 0, end: 0 });
});
