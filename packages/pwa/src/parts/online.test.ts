/** A question to central: what stands while it is answered, and how it asks itself again. */
import { createEffect, createRoot, createSignal } from "solid-js";
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

test("a changed question takes the answer and the failure of the one before with it, before anything is drawn", async () => {
  const [question, setQuestion] = createSignal<string | null>("A");
  const drawn: unknown[] = [];
  const dispose = createRoot((end) => {
    const found = createOnline(question, async (asked) => {
      if (asked === "fails") throw new Error("No line");
      return `hits of ${asked}`;
    });
    createEffect(() => drawn.push([question(), found.answer(), found.trouble()?.code, found.isLoading()]));
    return end;
  });
  for (const next of ["fails", "B", null]) {
    await vi.advanceTimersByTimeAsync(1);
    setQuestion(next);
  }
  expect(drawn).toEqual([
    ["A", undefined, undefined, true],
    ["A", "hits of A", undefined, false],
    ["fails", undefined, undefined, true],
    ["fails", undefined, "offline", false],
    ["B", undefined, undefined, true],
    ["B", "hits of B", undefined, false],
    [null, undefined, undefined, false],
  ]);
  dispose();
});

test("the answer stays while the same is asked again; a failure goes when a person asks, not when the clock does", async () => {
  let isAway = false;
  await createRoot(async (dispose) => {
    const found = createOnline(
      () => "same",
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 10));
        if (isAway) throw new Error("No line");
        return "hits";
      },
      1000,
    );
    await vi.advanceTimersByTimeAsync(10);
    expect(found.answer()).toBe("hits");
    isAway = true;
    found.refresh();
    await vi.advanceTimersByTimeAsync(10);
    expect([found.answer(), found.trouble()?.code]).toEqual(["hits", "offline"]);
    await vi.advanceTimersByTimeAsync(985);
    expect([found.isLoading(), found.trouble()?.code]).toEqual([true, "offline"]);
    await vi.advanceTimersByTimeAsync(10);
    found.refresh();
    expect([found.answer(), found.trouble()]).toEqual(["hits", undefined]);
    dispose();
  });
});
