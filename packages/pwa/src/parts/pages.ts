/**
 * A list that central hands out page by page.
 * Rule: an older page that arrives after the question has changed is dropped: rows of two questions never stand in one list.
 */
import { type Accessor, batch, createComputed, createSignal, on, onCleanup } from "solid-js";
import { type Trouble, troubleOf } from "../trpc.ts";
import { tellTrouble } from "./attempt.ts";
import { createOnline } from "./online.ts";

export type Page<Item, Cursor> = { items: readonly Item[]; cursor: Cursor | null };

/**
 * Asks for the first page whenever `question` changes; null asks nothing.
 * @param question compared by value, so a string
 * @param ask one page; without a cursor the first
 * @param tell what else to do when an older page fails: nothing where the end of the list says it
 */
export const createPages = <Item, Cursor>(
  question: Accessor<string | null>,
  ask: (question: string, cursor: Cursor | undefined, signal: AbortSignal) => Promise<Page<Item, Cursor>>,
  tell: (error: unknown) => void = tellTrouble,
) => {
  const first = createOnline(question, (asked, signal) => ask(asked, undefined, signal));
  const [older, setOlder] = createSignal<readonly Page<Item, Cursor>[]>([]);
  const [busy, setBusy] = createSignal(false);
  const [failed, setFailed] = createSignal<Trouble>();
  let leaving = new AbortController();
  // With the first page, before anything is drawn: no older page of one question stands under another.
  createComputed(
    on(first.answer, () => {
      leaving.abort();
      leaving = new AbortController();
      batch(() => {
        setOlder([]);
        setBusy(false);
        setFailed(undefined);
      });
    }),
  );
  onCleanup(() => leaving.abort());
  const cursor = (): Cursor | null => (older().at(-1) ?? first.answer())?.cursor ?? null;
  /** Somebody wants the next page; what failed before is tried again. */
  const more = async (): Promise<void> => {
    const asked = question();
    const from = cursor();
    // The first page may be another one in a moment, and its cursor with it.
    if (asked === null || from === null || busy() || first.isLoading()) return;
    const { signal } = leaving;
    batch(() => {
      setBusy(true);
      setFailed(undefined);
    });
    let take: () => void;
    try {
      const page = await ask(asked, from, signal);
      take = () => setOlder((pages) => [...pages, page]);
    } catch (error) {
      take = () => {
        setFailed(troubleOf(error));
        tell(error);
      };
    }
    if (signal.aborted) return;
    batch(() => {
      take();
      setBusy(false);
    });
  };
  /** The next page by itself, as the end of the list comes near: never again after one failed, until somebody wants it. */
  const loadOn = (): void => {
    if (failed() === undefined) void more();
  };
  const items = (): Item[] => [...(first.answer()?.items ?? []), ...older().flatMap((page) => page.items)];
  return { first, items, cursor, more, loadOn, busy, failed };
};
