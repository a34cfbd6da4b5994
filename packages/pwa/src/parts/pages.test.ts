/** A list that is read page by page while the question behind it changes. */
import { createEffect, createRoot, createSignal } from "solid-js";
import { expect, test, vi } from "vitest";
import { createPages } from "./pages.ts";

test("An older page that comes after the question has changed stands under neither question", async () => {
  const late = Promise.withResolvers<void>();
  await createRoot(async (dispose) => {
    const [question, setQuestion] = createSignal<string | null>("ABC123");
    const pages = createPages(question, async (asked, cursor: number | undefined) => {
      if (cursor !== undefined) await late.promise;
      return { items: [`${asked} ${cursor ?? 0}`], cursor: (cursor ?? 0) + 1 };
    });
    await vi.waitFor(() => expect(pages.items()).toEqual(["ABC123 0"]));
    const older = pages.more();
    setQuestion("XYZ999");
    await vi.waitFor(() => expect(pages.items()).toEqual(["XYZ999 0"]));
    late.resolve();
    await older;
    expect(pages.items()).toEqual(["XYZ999 0"]);
    await pages.more();
    expect(pages.items()).toEqual(["XYZ999 0", "XYZ999 1"]);
    dispose();
  });
});

test("A page that failed is not asked for again by itself, and is when somebody wants it", async () => {
  const asked: (number | undefined)[] = [];
  const told = vi.fn<(error: unknown) => void>();
  let isAway = true;
  await createRoot(async (dispose) => {
    const pages = createPages(
      () => "ABC123",
      async (_asked, cursor: number | undefined) => {
        asked.push(cursor);
        if (cursor !== undefined && isAway) throw new Error("No line");
        return { items: [cursor ?? 0], cursor: cursor === undefined ? 1 : null };
      },
      told,
    );
    createEffect(() => pages.loadOn());
    await vi.waitFor(() => expect(pages.failed()?.code).toBe("offline"));
    pages.loadOn();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(asked).toEqual([undefined, 1]);
    expect(told).toHaveBeenCalledOnce();
    isAway = false;
    await pages.more();
    expect([pages.items(), pages.failed(), pages.cursor()]).toEqual([[0, 1], undefined, null]);
    dispose();
  });
});

test("While the first page is on its way no older one is asked for: its cursor may be of another question", async () => {
  const asked: unknown[] = [];
  const answers: (() => void)[] = [];
  await createRoot(async (dispose) => {
    const [question, setQuestion] = createSignal("A");
    const pages = createPages(question, async (text, cursor: string | undefined) => {
      asked.push([text, cursor]);
      await new Promise<void>((resolve) => answers.push(resolve));
      return { items: [text], cursor: `after ${text}` };
    });
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    answers[0]?.();
    await vi.waitFor(() => expect(pages.cursor()).toBe("after A"));
    pages.first.refresh();
    void pages.more();
    setQuestion("B");
    void pages.more();
    expect(asked).toEqual([
      ["A", undefined],
      ["A", undefined],
      ["B", undefined],
    ]);
    dispose();
  });
});
