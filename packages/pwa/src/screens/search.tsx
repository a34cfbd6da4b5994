/**
 * Search for a plate: what for, one box, how it was understood, what fits and why.
 * Rule: the address is the state, every result says why it is there, and nothing is asked before its purpose is said.
 */
import { type PlateHit, normalizePlate } from "@chaverim/contracts";
import { A, useSearchParams } from "@solidjs/router";
import Check from "lucide-solid/icons/check";
import SearchIcon from "lucide-solid/icons/search";
import SearchX from "lucide-solid/icons/search-x";
import X from "lucide-solid/icons/x";
import { For, type JSX, Match, Show, Switch, createEffect, on } from "solid-js";
import { ask } from "../asking.ts";
import { momentLabel } from "../clock.ts";
import { w } from "../i18n/account.ts";
import { t } from "../i18n/words.ts";
import { LookClosed, closedBefore, closedBy } from "../parts/account/look-closed.tsx";
import { PurposeBar, createPurpose } from "../parts/account/purpose-bar.tsx";
import { Crop } from "../parts/crop.tsx";
import { createOnline } from "../parts/online.ts";
import { PlateChip } from "../parts/plate-chip.tsx";
import { PriorityMark } from "../parts/priority-mark.tsx";
import { Screen } from "../parts/screen.tsx";
import { Notice, Shapes, TroubleNotice } from "../parts/states.tsx";
import { vehicleLabel } from "../parts/vehicle.ts";
import { WhyChips } from "../parts/why-chip.tsx";
import { following, local, mayI, user } from "../session.ts";
import { trpc } from "../trpc.ts";

/** Results asked for; more than a screenful of plates is read by nobody. */
const RESULTS = 25;

/** Leads to the plate's page for those who may see it; for everybody else this is all there is. */
const HitBody = (props: { plate: string; children: JSX.Element }) => (
  <Show when={mayI("see_timeline")} fallback={<div class="hit">{props.children}</div>}>
    <A class="hit" href={`/plates/${encodeURIComponent(props.plate)}`}>
      {props.children}
    </A>
  </Show>
);

/** How far a volunteer's search reaches, and how much of today's is left. */
const Limits = () => (
  <Show when={user()?.role === "viewer"}>
    <p class="search-limits">
      <span>{user()?.area ? w("search.reachArea", { area: user()?.area ?? "" }) : w("search.reach")}</span>
      <Show when={typeof local().facts().looksLeft === "number"}>
        <strong>{w("search.left", { count: local().facts().looksLeft ?? 0 })}</strong>
      </Show>
    </p>
  </Show>
);

const Hit = (props: { hit: PlateHit }) => (
  <li>
    <HitBody plate={props.hit.plate}>
      <Show when={props.hit.latest} fallback={<span class="crop" />}>
        {(detection) => <Crop detection={detection()} decorative />}
      </Show>
      <span class="row-body">
        <span class="row-head">
          <span class="cell-plate">
            <PlateChip
              text={props.hit.latest?.plate.text ?? props.hit.plate}
              differences={props.hit.match.differences}
            />
          </span>
          <span class="cell-list">
            <Show
              when={props.hit.listed}
              fallback={
                <span class="quiet only-desk">
                  <span aria-hidden="true">–</span>
                  <span class="unseen">{t("search.notListed")}</span>
                </span>
              }
            >
              {(priority) => <PriorityMark priority={priority()} />}
            </Show>
          </span>
        </span>
        <span class="cell-why">
          <WhyChips match={props.hit.match} />
        </span>
        <span class="row-head">
          <span class="cell-seen">
            <bdi class="at">{momentLabel(props.hit.lastSeen, true)}</bdi>
            <Show when={props.hit.latest}>{(latest) => <bdi class="quiet clip">{latest().camera.name}</bdi>}</Show>
          </span>
          <span class="cell-count number">
            <span class="only-phone">{t("search.sightingsCount", { count: props.hit.sightings })}</span>
            <span class="only-desk">{props.hit.sightings}</span>
          </span>
        </span>
        <span class="cell-vehicle clip">{props.hit.latest === null ? "" : vehicleLabel(props.hit.latest)}</span>
      </span>
    </HitBody>
  </li>
);

/** What was dropped from the typed text, each kind once. */
const ignoredIn = (typed: string): string =>
  [...new Set([...typed].filter((character) => normalizePlate(character) === "" && character.trim() !== ""))].join(" ");

export default function SearchScreen() {
  const [search, setSearch] = useSearchParams<{ q?: string; exact?: string }>();
  const typed = () => search.q ?? "";
  const plate = () => normalizePlate(typed());
  const lookAlikes = () => search.exact === undefined;
  const question = () => (plate().length >= 2 ? { plate: typed(), lookAlikes: lookAlikes() } : null);
  // A string compares by value, so that an unrelated change of the address asks nothing.
  const wanted = () =>
    question() === null || closedBefore() === "training_needed" ? null : JSON.stringify(question());
  const purpose = createPurpose(() => (closedBefore() === null ? wanted() : null));
  const found = createOnline(
    () => (purpose.isSettled() === true ? wanted() : null),
    (asked, signal) => trpc.detections.search.query({ ...JSON.parse(asked), limit: RESULTS }, { signal }),
  );
  const closed = () =>
    closedBy(found.trouble()) ??
    (found.answer() === undefined ? closedBefore() : null) ??
    (question() !== null && purpose.isSettled() === false ? "purpose_needed" : null);
  // Each search is one of the day's: show at once what is left.
  createEffect(on(found.answer, (answer) => answer !== undefined && user()?.role === "viewer" && following().check()));
  let box: HTMLInputElement | undefined;
  createEffect(on(typed, (text) => box !== undefined && box.value !== text && (box.value = text)));

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const next = box?.value.trim() ?? "";
    if (next === typed() && purpose.isSettled() === false) void ask("purpose");
    else if (next === typed()) found.refresh();
    else setSearch({ q: next === "" ? undefined : next });
  };
  const clear = (): void => {
    setSearch({ q: undefined });
    if (box !== undefined) box.value = "";
    box?.focus();
  };

  return (
    <Screen title={t("search.title")} class="search-main" hideSearch>
      <PurposeBar purpose={purpose} />
      <form class="search-box" role="search" onSubmit={submit}>
        <SearchIcon aria-hidden="true" />
        <input
          ref={(input) => (box = input)}
          data-search
          type="text"
          value={typed()}
          aria-label={t("search.label")}
          placeholder={t("search.placeholder")}
          autocomplete="off"
          autocapitalize="characters"
          spellcheck={false}
          enterkeyhint="search"
          dir="ltr"
          autofocus={typed() === ""}
        />
        <Show when={typed() !== ""}>
          <button type="button" class="target" aria-label={t("search.clear")} onClick={clear}>
            <X aria-hidden="true" />
          </button>
        </Show>
        <button type="submit" class="button primary">
          {t("search.submit")}
        </button>
      </form>
      <Limits />
      <div class="search-how">
        <button
          type="button"
          class="toggle"
          aria-pressed={lookAlikes()}
          onClick={() => setSearch({ exact: lookAlikes() ? "1" : undefined })}
        >
          <Show when={lookAlikes()}>
            <Check aria-hidden="true" />
          </Show>
          {t("search.lookAlikes")}
        </button>
        <Show when={question() !== null}>
          <span class="understood">
            <span class="quiet">{t("search.understood")}</span>
            <PlateChip text={plate()} size="small" />
            <span class="why">{t("search.characters", { count: plate().length })}</span>
            <Show when={ignoredIn(typed()) !== ""}>
              <span class="why">{t("search.ignored", { what: ignoredIn(typed()) })}</span>
            </Show>
          </span>
        </Show>
      </div>
      <Switch>
        <Match when={closed()}>
          {(why) => <LookClosed why={why()} onSaid={() => found.trouble() && found.refresh()} />}
        </Match>
        <Match when={typed().trim() === ""}>
          <Notice icon={<SearchIcon aria-hidden="true" />} title={t("search.start")} text={t("search.startNext")} />
        </Match>
        <Match when={plate() === ""}>
          <Notice icon={<SearchX aria-hidden="true" />} title={t("search.hopeless")} text={t("search.hopelessNext")} />
        </Match>
        <Match when={plate().length < 2}>
          <Notice icon={<SearchIcon aria-hidden="true" />} title={t("search.short")} text={t("search.shortNext")} />
        </Match>
        <Match when={found.trouble()}>
          {(trouble) => <TroubleNotice title={t("search.failed")} trouble={trouble()} onRetry={found.refresh} />}
        </Match>
        <Match when={found.answer()}>
          {(answer) => (
            <Show
              when={answer().hits.length > 0}
              fallback={
                <Notice
                  icon={<SearchX aria-hidden="true" />}
                  title={t("search.none", { plate: typed() })}
                  text={lookAlikes() ? t("search.noneNext") : t("search.noneExactNext")}
                />
              }
            >
              <p class="found" role="status">
                <strong>
                  {t(answer().cursor !== null ? "search.countMore" : "search.count", { count: answer().hits.length })}
                </strong>
                <span class="quiet">{t("search.order")}</span>
              </p>
              <div class="hit-head" aria-hidden="true">
                <span>{t("search.crop")}</span>
                <span>{t("search.plate")}</span>
                <span>{t("search.why")}</span>
                <span>{t("search.lastSeen")}</span>
                <span class="number">{t("search.sightings")}</span>
                <span>{t("search.vehicle")}</span>
                <span>{t("search.list")}</span>
              </div>
              <ul class="hits" aria-label={t("search.results")} aria-busy={found.isLoading()}>
                <For each={answer().hits}>{(hit) => <Hit hit={hit} />}</For>
              </ul>
            </Show>
          )}
        </Match>
        <Match when={true}>
          <Shapes rows={8} />
        </Match>
      </Switch>
    </Screen>
  );
}
