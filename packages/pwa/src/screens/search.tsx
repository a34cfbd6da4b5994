/**
 * Search: what for, one box, how it was understood, what fits and why; without a plate, what passed where and when.
 * Rule: the fragment of the address is the state, every result says why it is there, and nothing is asked before its
 * purpose is said.
 */
import { type SavedSearch, hasWildcards } from "@chaverim/contracts";
import { useNavigate } from "@solidjs/router";
import SearchIcon from "lucide-solid/icons/search";
import { Match, Show, Switch, createEffect, createMemo, createSignal } from "solid-js";
import { ask } from "../asking.ts";
import { w } from "../i18n/search.ts";
import { t } from "../i18n/words.ts";
import { type Closed, LookClosed, closedBefore } from "../parts/account/look-closed.tsx";
import { LookLimits } from "../parts/account/look-limits.tsx";
import { PurposeBar, createPurpose } from "../parts/account/purpose-bar.tsx";
import { addressOf, mapAddress } from "../parts/addresses.ts";
import { createFragment } from "../parts/fragment.ts";
import { Screen } from "../parts/screen.tsx";
import { SearchBox } from "../parts/search/box.tsx";
import { DetectionsFound } from "../parts/search/detections-found.tsx";
import { Filters } from "../parts/search/filters.tsx";
import { createGoToFirst, followResultKeys } from "../parts/search/keys.ts";
import { noteSearch } from "../parts/search/last-search.ts";
import { PlatesFound } from "../parts/search/plates-found.tsx";
import { type Asked, type SearchName, askedOf, keptOf, wayOf } from "../parts/search/question.ts";
import { SaveSheet, SavedList, createSaved } from "../parts/search/saved.tsx";
import { Refused, Understood } from "../parts/search/understood.tsx";
import { WatchSheet, type Watched, watchOf } from "../parts/search/watch-sheet.tsx";
import { Ways } from "../parts/search/ways.tsx";
import { Notice } from "../parts/states.tsx";
import { mayI } from "../session.ts";
import "../styles/search.css";
import "../styles/sightings.css";

type PlatesAsked = Extract<Asked, { kind: "plates" }>;

const refusedWhy = (asked: Asked) => (asked.kind === "refused" ? asked.why : null);

export default function SearchScreen() {
  const navigate = useNavigate();
  const { state, change } = createFragment<SearchName>(({ q, exact }) => ({
    q,
    way: exact === undefined ? undefined : "exact",
  }));
  createEffect(() => noteSearch(addressOf("/search", state())));
  const asked = createMemo(() => askedOf(state(), mayI("see_timeline")));
  const platesAsked = (): PlatesAsked | false => {
    const current = asked();
    return current.kind === "plates" && current;
  };
  const detectionsAsked = () => {
    const current = asked();
    return current.kind === "detections" && current;
  };
  const isAsked = () => platesAsked() !== false || detectionsAsked() !== false;
  const wanted = () => (isAsked() && closedBefore() !== "training_needed" ? JSON.stringify(asked()) : null);
  const purpose = createPurpose(() => (closedBefore() === null ? wanted() : null));
  const isSettled = () => purpose.isSettled() === true && wanted() !== null;
  const closed = (): Closed | null => {
    if (closedBefore() === "training_needed") return "training_needed";
    return isAsked() && purpose.isSettled() === false ? "purpose_needed" : null;
  };
  const [again, setAgain] = createSignal(0);
  const saved = createSaved(() => mayI("search_plates") && asked().kind === "nothing");
  const [saving, setSaving] = createSignal(false);
  const [watching, setWatching] = createSignal<Watched | null>(null);

  const watchSaved = ({ text, way, filters }: SavedSearch): void => {
    const kept = askedOf({ q: text, way }, false);
    if (kept.kind === "plates") setWatching(watchOf({ ...kept, filters }));
  };
  const first = createGoToFirst();
  const submit = (text: string): void => {
    first.sent();
    if (text !== (state().q ?? "")) change({ q: text || undefined, ...(text === "" ? {} : { unread: undefined }) });
    else if (purpose.isSettled() === false) void ask("purpose");
    else setAgain((count) => count + 1);
  };
  const clear = (): void => {
    if (state().q !== undefined) change({ q: undefined });
    const box = document.querySelector<HTMLInputElement>("[data-search]");
    if (box === null) return;
    box.value = "";
    box.focus();
  };
  followResultKeys({ map: (plate) => navigate(mapAddress(plate, { from: state().from, to: state().to })), clear });

  return (
    <Screen title={t("search.title")} class="search-main" hideSearch>
      <PurposeBar purpose={purpose} />
      <SearchBox typed={state().q ?? ""} onSubmit={submit} onClear={clear} />
      <LookLimits />
      <div class="search-how">
        <Show when={platesAsked()}>{(plates) => <Understood query={plates().understood} typed={plates().text} />}</Show>
        <Show when={!hasWildcards(state().q ?? "") && !detectionsAsked()}>
          <Ways way={wayOf(state())} onChange={(way) => change({ way: way === "similar" ? undefined : way })} />
        </Show>
        <Filters state={state()} onChange={change} />
      </div>
      <Switch>
        <Match when={closed()}>
          {(why) => <LookClosed why={why()} onSaid={() => setAgain((count) => count + 1)} />}
        </Match>
        <Match when={asked().kind === "nothing"}>
          <SavedList saved={saved} onWatch={watchSaved} />
          <Notice icon={<SearchIcon aria-hidden="true" />} title={w("search.start")} text={w("search.startNext")} />
        </Match>
        <Match when={refusedWhy(asked())}>{(why) => <Refused why={why()} />}</Match>
        <Match when={platesAsked()}>
          {(plates) => (
            <PlatesFound
              asked={plates()}
              isSettled={isSettled()}
              again={again()}
              onAnswered={first.answered}
              onSave={() => setSaving(true)}
              onWatch={() => setWatching(watchOf(plates()))}
            />
          )}
        </Match>
        <Match when={detectionsAsked()}>
          {(detections) => (
            <DetectionsFound
              asked={detections()}
              isSettled={isSettled()}
              again={again()}
              onAnswered={first.answered}
              onSave={() => setSaving(true)}
            />
          )}
        </Match>
      </Switch>
      <Show when={platesAsked() || detectionsAsked()}>
        {(kept) => (
          <SaveSheet open={saving()} search={keptOf(kept())} onClose={() => setSaving(false)} onSaved={saved.refresh} />
        )}
      </Show>
      <WatchSheet watch={watching()} onClose={() => setWatching(null)} />
    </Screen>
  );
}
