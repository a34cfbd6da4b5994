/** A question that asks itself again: at the pace that its answer gives. */
import { createRoot, createSignal } from "solid-js";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createOnline } from "./online.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("the pace may change while it runs, and every repetition is the clock's and not the person's", async () => {
  const asked: unknown[] = [];
  const [pace, setPace] = createSignal(10_000);
  const dispose = createRoot((end) => {
    createOnline(
      () => "all",
      async (_all, _signal, putting) => asked.push(putting),
      pace,
    );
    return end;
  });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toEqual([{}, { context: { background: true } }]);
  setPace(1000);
  await vi.advanceTimersByTimeAsync(3000);
  expect(asked).toHaveLength(5);
  setPace(10_000);
  await vi.advanceTimersByTimeAsync(9000);
  expect(asked).toHaveLength(5);
  dispose();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(5);
});
