/**
 * Watchlists: what is watched, why, and until when.
 * Rule: removing acts at once and can be undone; who may only read sees who may write.
 */
import type { EntryView, WatchlistView } from "@chaverim/contracts";
import Check from "lucide-solid/icons/check";
import ListIcon from "lucide-solid/icons/list";
import Plus from "lucide-solid/icons/plus";
import Trash from "lucide-solid/icons/trash";
import { For, Match, Show, Switch, createSignal } from "solid-js";
import { dateLabel, momentLabel, now } from "../clock.ts";
import { w } from "../i18n/search.ts";
import { t } from "../i18n/words.ts";
import { EntryForm } from "../parts/entry-form.tsx";
import { createFragment } from "../parts/fragment.ts";
import { ListForm } from "../parts/list-form.tsx";
import { createOnline } from "../parts/online.ts";
import { PlateChip } from "../parts/plate-chip.tsx";
import { PriorityMark } from "../parts/priority-mark.tsx";
import { Screen } from "../parts/screen.tsx";
import { Notice, Shapes, TroubleNotice } from "../parts/states.tsx";
import { showToast } from "../parts/toasts.tsx";
import { mayI } from "../session.ts";
import { trpc, troubleOf, troubleText } from "../trpc.ts";
import "../styles/search.css";

const Entry = (props: { entry: EntryView; onRemove: () => void }) => {
  const ended = () => Date.parse(props.entry.expiresAt) < now();
  return (
    <li class="entry" classList={{ ended: ended() }}>
      <span class="cell-plate">
        <PlateChip text={props.entry.plate} />
      </span>
      <span class="cell-reason">
        <bdi>{props.entry.reason}</bdi>
        <Show when={props.entry.vehicle}>{(vehicle) => <bdi class="quiet">{vehicle()}</bdi>}</Show>
      </span>
      <span class="cell-match">{w(`lists.strategy.${props.entry.match}`)}</span>
      <span class="cell-by quiet">
        {w("lists.addedByAt", { name: props.entry.addedBy, time: momentLabel(props.entry.addedAt) })}
      </span>
      <span class="cell-ends" classList={{ warn: ended() }}>
        <Show
          when={ended()}
          fallback={
            <>
              <span class="only-phone quiet">{w("lists.expires")} </span>
              {dateLabel(props.entry.expiresAt)}
            </>
          }
        >
          {w("lists.ended", { time: dateLabel(props.entry.expiresAt) })}
        </Show>
      </span>
      <Show when={mayI("write_watchlists")}>
        <button
          type="button"
          class="target"
          aria-label={w("lists.remove", { plate: props.entry.plate })}
          onClick={() => props.onRemove()}
        >
          <Trash aria-hidden="true" />
        </button>
      </Show>
    </li>
  );
};

const List = (props: {
  list: WatchlistView;
  onRemove: (entry: EntryView) => void;
  onAdd: () => void;
  onField: (field: boolean) => void;
}) => (
  <section class="watchlist" aria-label={props.list.name}>
    <div class="watchlist-head">
      <PriorityMark priority={props.list.priority} />
      <h2>
        <bdi>{props.list.name}</bdi>
      </h2>
      <span class="quiet">{w("lists.entries", { count: props.list.entries.length })}</span>
      <Show when={mayI("write_watchlists")}>
        <button
          type="button"
          class="toggle"
          aria-pressed={props.list.field}
          aria-label={w("lists.fieldOf", { name: props.list.name })}
          title={w("lists.fieldHint")}
          onClick={() => props.onField(!props.list.field)}
        >
          <Show when={props.list.field}>
            <Check aria-hidden="true" />
          </Show>
          {w("lists.field")}
        </button>
        <button
          type="button"
          class="target"
          aria-label={w("lists.addTo", { name: props.list.name })}
          onClick={() => props.onAdd()}
        >
          <Plus aria-hidden="true" />
        </button>
      </Show>
    </div>
    <Show when={props.list.entries.length > 0} fallback={<p class="watchlist-empty quiet">{w("lists.emptyList")}</p>}>
      <div class="entry-head" aria-hidden="true">
        <span>{w("lists.plate")}</span>
        <span>{w("lists.reason")}</span>
        <span>{w("lists.match")}</span>
        <span>{w("lists.addedBy")}</span>
        <span>{w("lists.expires")}</span>
      </div>
      <ul>
        <For each={props.list.entries}>{(entry) => <Entry entry={entry} onRemove={() => props.onRemove(entry)} />}</For>
      </ul>
    </Show>
  </section>
);

export default function ListsScreen() {
  const fragment = createFragment<"add" | "list">(({ add, list }) => ({ add, list }));
  const search = fragment.state;
  const lists = createOnline(
    () => "all",
    (_all, signal) => trpc.watchlists.list.query(undefined, { signal }),
  );
  const [creating, setCreating] = createSignal(false);
  /** Removed here a moment ago; central's answer follows. */
  const [removed, setRemoved] = createSignal<ReadonlySet<string>>(new Set());
  const shown = () =>
    lists.answer()?.map((list) => ({ ...list, entries: list.entries.filter((entry) => !removed().has(entry.id)) })) ??
    [];

  const mark = (id: string, isRemoved: boolean): void => {
    setRemoved((before) => {
      const after = new Set(before);
      if (isRemoved) after.add(id);
      else after.delete(id);
      return after;
    });
  };
  const fail = (error: unknown): void => {
    showToast({ kind: "trouble", text: troubleText(troubleOf(error)) });
  };
  const restore = async (entry: EntryView): Promise<void> => {
    try {
      await trpc.watchlists.restoreEntry.mutate({ id: entry.id });
      mark(entry.id, false);
      lists.refresh();
      showToast({ text: w("lists.restored", { plate: entry.plate }) });
    } catch (error) {
      fail(error);
    }
  };
  const setField = async (list: WatchlistView, field: boolean): Promise<void> => {
    try {
      await trpc.watchlists.setField.mutate({ id: list.id, field });
      lists.refresh();
      showToast({
        text: w(field ? "lists.fieldOn" : "lists.fieldOff", { name: list.name }),
        action: { label: t("app.undo"), run: () => void setField(list, !field) },
      });
    } catch (error) {
      fail(error);
    }
  };
  const remove = async (entry: EntryView): Promise<void> => {
    mark(entry.id, true);
    try {
      await trpc.watchlists.removeEntry.mutate({ id: entry.id });
      showToast({
        text: w("lists.removed", { plate: entry.plate }),
        action: { label: t("app.undo"), run: () => void restore(entry) },
      });
    } catch (error) {
      mark(entry.id, false);
      fail(error);
    }
  };

  return (
    <Screen title={w("lists.title")} class="lists-main">
      <div class="actions-line">
        <Show when={mayI("write_watchlists")} fallback={<p class="quiet">{w("lists.readOnly")}</p>}>
          <button type="button" class="button" onClick={() => setCreating(true)}>
            {w("lists.create")}
          </button>
          <Show when={shown().length > 0}>
            <button type="button" class="button primary" onClick={() => fragment.change({ add: "", list: undefined })}>
              <Plus aria-hidden="true" />
              {w("lists.add")}
            </button>
          </Show>
        </Show>
      </div>
      <Switch>
        <Match when={lists.answer() === undefined && lists.trouble()}>
          {(trouble) => <TroubleNotice title={w("lists.failed")} trouble={trouble()} onRetry={lists.refresh} />}
        </Match>
        <Match when={lists.answer() === undefined}>
          <Shapes />
        </Match>
        <Match when={shown().length === 0}>
          <Notice
            icon={<ListIcon aria-hidden="true" />}
            title={w("lists.empty")}
            text={`${w("lists.emptyNext")}${mayI("write_watchlists") ? "" : ` ${w("lists.emptyViewer")}`}`}
          />
        </Match>
        <Match when={true}>
          <For each={shown()}>
            {(list) => (
              <List
                list={list}
                onRemove={(entry) => void remove(entry)}
                onField={(field) => void setField(list, field)}
                onAdd={() => fragment.change({ add: "", list: list.id })}
              />
            )}
          </For>
        </Match>
      </Switch>
      <EntryForm
        open={search().add !== undefined && mayI("write_watchlists") && shown().length > 0}
        lists={shown()}
        plate={search().add ?? ""}
        listId={search().list}
        onClose={() => fragment.change({ add: undefined, list: undefined })}
        onAdded={lists.refresh}
      />
      <ListForm open={creating()} onClose={() => setCreating(false)} onCreated={lists.refresh} />
    </Screen>
  );
}
