/** New rows wait while somebody reads. */
import { createRoot, createSignal } from "solid-js";
import { expect, test } from "vitest";
import { createHeld } from "./held.ts";

const rowsOf = (...ids: string[]) => ids.map((id) => ({ id }));

test("rows that arrive while the list is scrolled are counted, not inserted, and come when asked for", () => {
  createRoot((dispose) => {
    const [rows, setRows] = createSignal(rowsOf("b", "a"));
    const held = createHeld(rows);
    held.onScroll(200);
    setRows(rowsOf("d", "c", "b", "a"));
    expect([held.shown().map((row) => row.id), held.waiting()]).toEqual([["b", "a"], 2]);
    held.release();
    expect([held.shown().map((row) => row.id), held.waiting()]).toEqual([["d", "c", "b", "a"], 0]);
    dispose();
  });
});

test("at the top new rows come at once", () => {
  createRoot((dispose) => {
    const [rows, setRows] = createSignal(rowsOf("a"));
    const held = createHeld(rows);
    setRows(rowsOf("b", "a"));
    expect(held.shown()).toHaveLength(2);
    dispose();
  });
});
