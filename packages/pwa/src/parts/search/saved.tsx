/**
 * Searches that somebody keeps: their list, and the form that keeps one more.
 * Rule: removing acts at once and can be undone; each is the person's own.
 */
import type { SavedSearch } from "@chaverim/contracts";
import { A } from "@solidjs/router";
import Bell from "lucide-solid/icons/bell";
import Trash from "lucide-solid/icons/trash";
import { For, Show, createSignal } from "solid-js";
import { w } from "../../i18n/search.ts";
import { t } from "../../i18n/words.ts";
import { mayI } from "../../session.ts";
import { trpc } from "../../trpc.ts";
import { addressOf } from "../addresses.ts";
import { createAttempt, tellTrouble } from "../attempt.ts";
import { FormTrouble } from "../entrance.tsx";
import { field } from "../form.ts";
import { createOnline } from "../online.ts";
import { PlateChip } from "../plate-chip.tsx";
import { Sheet } from "../sheet.tsx";
import { showToast } from "../toasts.tsx";
import { type Kept, askedOf, stateOfSaved } from "./question.ts";

export type Saved = {
  list: () => readonly SavedSearch[];
  isLoaded: () => boolean;
  refresh: () => void;
  remove: (search: SavedSearch) => void;
};

/** Follows the person's saved searches. @param wanted asks for them once it is true */
export const createSaved = (wanted: () => boolean): Saved => {
  const found = createOnline(
    () => (wanted() ? "mine" : null),
    (_mine, signal) => trpc.searches.list.query(undefined, { signal }),
  );
  const [removed, setRemoved] = createSignal<ReadonlySet<string>>(new Set());
  const restore = async ({ name, text, way, filters, unread }: SavedSearch): Promise<void> => {
    try {
      // A removed one stays removed, as the log says; the same search is kept anew.
      await trpc.searches.save.mutate({ name, plate: text, way, filters, unread });
      found.refresh();
    } catch (error) {
      tellTrouble(error);
    }
  };
  const remove = async (search: SavedSearch): Promise<void> => {
    setRemoved((before) => new Set([...before, search.id]));
    try {
      await trpc.searches.remove.mutate({ id: search.id });
      showToast({
        text: w("saved.removed", { name: search.name }),
        action: { label: t("app.undo"), run: () => void restore(search) },
      });
    } catch (error) {
      setRemoved((before) => new Set([...before].filter((id) => id !== search.id)));
      tellTrouble(error);
    }
  };
  return {
    list: () => (found.answer() ?? []).filter(({ id }) => !removed().has(id)),
    isLoaded: () => found.answer() !== undefined,
    refresh: found.refresh,
    remove: (search) => void remove(search),
  };
};

/** The way and how many filters, in words; empty for the usual. */
const aboutSaved = ({ way, filters, unread }: SavedSearch): string => {
  const count = Object.keys(filters).length + (unread ? 1 : 0);
  return [
    ...(way === "similar" ? [] : [w(`search.way.${way}`)]),
    ...(count === 0 ? [] : [w("saved.filters", { count })]),
  ].join(" · ");
};

/** Whether there is a plate, or what is known of one, to be watched. */
const isWatchable = ({ text, way }: SavedSearch): boolean => askedOf({ q: text, way }, false).kind === "plates";

export const SavedList = (props: { saved: Saved; onWatch: (search: SavedSearch) => void }) => (
  <Show when={props.saved.list().length > 0}>
    <section class="saved" aria-labelledby="saved-title">
      <h2 id="saved-title">{w("saved.title")}</h2>
      <ul>
        <For each={props.saved.list()}>
          {(search) => (
            <li>
              <A class="saved-search" href={addressOf("/search", stateOfSaved(search))}>
                <bdi class="clip saved-name">{search.name}</bdi>
                <Show when={search.text}>{(text) => <PlateChip text={text().toUpperCase()} size="small" />}</Show>
                <span class="quiet clip">{aboutSaved(search)}</span>
              </A>
              <Show when={mayI("write_watchlists") && isWatchable(search)}>
                <button
                  type="button"
                  class="target"
                  aria-label={w("saved.watch", { name: search.name })}
                  onClick={() => props.onWatch(search)}
                >
                  <Bell aria-hidden="true" />
                </button>
              </Show>
              <button
                type="button"
                class="target"
                aria-label={w("saved.remove", { name: search.name })}
                onClick={() => props.saved.remove(search)}
              >
                <Trash aria-hidden="true" />
              </button>
            </li>
          )}
        </For>
      </ul>
    </section>
  </Show>
);

export const SaveSheet = (props: { open: boolean; search: Kept; onClose: () => void; onSaved: () => void }) => {
  const attempt = createAttempt();
  const close = (): void => {
    attempt.setProblem("");
    props.onClose();
  };
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const name = field(event.currentTarget, "name");
    if (name === "") return attempt.setProblem(w("saved.nameShort"));
    const { text, way, filters, unread } = props.search;
    void attempt.run(async () => {
      await trpc.searches.save.mutate({ name, plate: text, way, filters, unread });
      showToast({ text: w("saved.done", { name }) });
      props.onSaved();
      close();
    });
  };
  return (
    <Sheet open={props.open} onClose={close} title={w("saved.save")} lead={w("saved.lead")}>
      <form class="form" novalidate onSubmit={submit}>
        <label class="field">
          <span>{w("saved.name")}</span>
          <input name="name" placeholder={w("saved.nameHint")} maxlength="80" autocomplete="off" dir="auto" required />
        </label>
        <FormTrouble text={attempt.problem()} />
        <div class="sheet-buttons">
          <button type="button" class="button big outlined" onClick={close}>
            {t("app.cancel")}
          </button>
          <button type="submit" class="button big primary" disabled={attempt.busy()}>
            {w("saved.submit")}
          </button>
        </div>
      </form>
    </Sheet>
  );
};
