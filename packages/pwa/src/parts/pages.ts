/**
 * A list that central hands out page by page.
 * Rule: an older page that arrives after the question has changed is dropped: rows of two questions never stand in one list.
 */
import { type Accessor, createEffect, createSignal, on } from "solid-js";
import { tellTrouble } from "./attempt.ts";
import { createOnline } from "./online.ts";

export type Page<Item, Cursor> = { items: readonly Item[]; cursor: Cursor | null };

/**
 * Asks for the first page whenever `question` changes; null asks nothing.
 * @param question compared by value, so a string
 * @param ask one page; without a cursor the first
 */
export const createPages = <Item, Cursor>(
  question: Accessor<string | null>,
  ask: (question: string, cursor: Cursor | undefined, signal: AbortSignal) => Promise<Page<Item, Cursor>>,
) => {
  const first = createOnline(question, (asked, signal) => ask(asked, undefined, signal));
  const [older, setOlder] = createSignal<readonly Page<Item, Cursor>[]>([]);
  const [busy, setBusy] = createSignal(false);
  let leaving = new AbortController();
  createEffect(
    on(first.answer, () => {
      leaving.abort();
      leaving = new AbortController();
      setOlder([]);
    }),
  );
  const cursor = (): Cursor | null => (older().at(-1) ?? first.answer())?.cursor ?? null;
  const more = async (): Promise<void> => {
    const asked = question();
    const from = cursor();
    if (asked === null || from === null) return;
    const { signal } = leaving;
    setBusy(true);
    try {
      const page = await ask(asked, from, signal);
      if (asked === question() && !signal.aborted) setOlder((pages) => [...pages, page]);
    } catch (error) {
      if (!signal.aborted) tellTrouble(error);
    }
    setBusy(false);
  };
  const items = (): Item[] => [...(first.answer()?.items ?? []), ...older().flatMap((page) => page.items)];
  return { first, items, cursor, more, busy };
};
