/** A list that is read page by page while the question behind it changes. */
import { createRoot, createSignal } from "solid-js";
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
