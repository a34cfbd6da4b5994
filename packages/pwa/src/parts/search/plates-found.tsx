/**
 * The answer to a search for plates: the plates, why nothing was found, or what to do while it is looked for.
 * Rule: never a count that was not counted, and a long search can be stopped.
 */
import type { PlateHit } from "@chaverim/contracts";
import Bell from "lucide-solid/icons/bell";
import Bookmark from "lucide-solid/icons/bookmark";
import SearchX from "lucide-solid/icons/search-x";
import { Match, Show, Switch, createEffect, createMemo, createSignal, on } from "solid-js";
import { w } from "../../i18n/search.ts";
import { t } from "../../i18n/words.ts";
import { following, mayI, user } from "../../session.ts";
import { shortcuts } from "../../settings.ts";
import { trpc, troubleText } from "../../trpc.ts";
import { askAgainWhenBack } from "../online.ts";
import { createPages } from "../pages.ts";
import { Notice, Shapes, TroubleNotice } from "../states.tsx";
import { TryAgain } from "../try-again.tsx";
import { LookClosed, closedBy } from "../account/look-closed.tsx";
import { type Found, Hits } from "./hits.tsx";
import { KeptPlates } from "./kept-found.tsx";
import type { Asked } from "./question.ts";

/** Results of one page; more than a screenful of plates is read by nobody. */
const RESULTS = 25;

type Plates = Extract<Asked, { kind: "plates" }>;

const NothingFits = (props: { asked: Plates }) => (
  <Notice
    icon={<SearchX aria-hidden="true" />}
    title={
      props.asked.understood.kind === "pattern"
        ? w("search.nonePattern", { pattern: props.asked.understood.pattern })
        : w("search.none", { plate: props.asked.understood.plate })
    }
    text={
      Object.keys(props.asked.filters).length > 0
        ? w("search.noneFilters")
        : w(
            props.asked.understood.kind === "pattern"
              ? "search.noneAny"
              : `search.noneNext.${props.asked.understood.way}`,
          )
    }
  />
);

const Keys = () => (
  <Show when={shortcuts() && mayI("see_timeline")}>
    <p class="search-keys only-desk quiet" aria-hidden="true">
      <kbd>j</kbd> <kbd>k</kbd> {w("search.keysMove")} · <kbd>↵</kbd> {w("search.keysOpen")} · <kbd>m</kbd>{" "}
      {w("search.keysMap")} · <kbd>Esc</kbd> {w("search.keysClear")}
    </p>
  </Show>
);

const Searching = (props: { hard: boolean; onStop: () => void }) => (
  <>
    <p class="searching" role="status">
      <span>{w(props.hard ? "search.runningHard" : "search.running")}</span>
      <button type="button" class="button" onClick={() => props.onStop()}>
        {w("search.stop")}
      </button>
    </p>
    <Shapes rows={8} />
  </>
);

/**
 * @param props.isSettled looks may be taken now
 * @param props.again counts how often the same was sent again
 * @param props.onAnswered called when an answer stands on the screen
 */
export const PlatesFound = (props: {
  asked: Plates;
  isSettled: boolean;
  again: number;
  onAnswered: () => void;
  onSave: () => void;
  onWatch: () => void;
}) => {
  const [stopped, setStopped] = createSignal<string | null>(null);
  /** Strings compare by value, so that an unrelated change of the address asks nothing. */
  const question = createMemo(() => {
    const { text, way, filters } = props.asked;
    return JSON.stringify({ plate: text, way, filters });
  });
  createEffect(on(question, () => setStopped(null), { defer: true }));
  /** More plates fit than the pages go through. */
  const [truncated, setTruncated] = createSignal(false);
  const pages = createPages(
    () => (props.isSettled && stopped() !== question() ? question() : null),
    async (asked, cursor: string | undefined, signal) => {
      const answer = await trpc.detections.search.query(
        { ...JSON.parse(asked), limit: RESULTS, ...(cursor === undefined ? {} : { cursor }) },
        { signal },
      );
      if (!signal.aborted) setTruncated(answer.truncated);
      const pattern = answer.understood.kind === "pattern" ? answer.understood.pattern : undefined;
      return { items: answer.hits.map((hit: PlateHit): Found => ({ ...hit, pattern })), cursor: answer.cursor };
    },
    () => undefined,
  );
  const { first } = pages;
  // What was stopped is asked by going on; twice would be two looks.
  createEffect(
    on(
      () => props.again,
      () => (stopped() === null ? first.refresh() : setStopped(null)),
      { defer: true },
    ),
  );
  askAgainWhenBack(first);
  // Each search is one of the day's: show at once what is left.
  createEffect(on(first.answer, (answer) => answer !== undefined && user()?.role === "viewer" && following().check()));
  const hits = createMemo(pages.items);
  createEffect(on(first.answer, (answer) => answer !== undefined && props.onAnswered()));
  const isHard = () => props.asked.understood.kind === "plate" && props.asked.way === "harder";
  return (
    <Switch>
      <Match when={stopped() !== null}>
        <Notice
          icon={<SearchX aria-hidden="true" />}
          title={w("search.stopped")}
          text={w("search.stoppedNext")}
          action={
            <button type="button" class="button" onClick={() => setStopped(null)}>
              {w("search.again")}
            </button>
          }
        />
      </Match>
      <Match when={closedBy(first.trouble())}>{(why) => <LookClosed why={why()} onSaid={first.refresh} />}</Match>
      <Match when={first.answer() === undefined && first.trouble()?.code === "offline"}>
        <KeptPlates asked={props.asked} />
        <div class="list-end">
          <button type="button" class="button" onClick={() => first.refresh()}>
            {t("app.tryAgain")}
          </button>
        </div>
      </Match>
      <Match when={first.answer() === undefined && first.trouble()}>
        {(trouble) => <TroubleNotice title={w("search.failed")} trouble={trouble()} onRetry={first.refresh} />}
      </Match>
      <Match when={first.isLoading() && (first.answer() === undefined || isHard())}>
        <Searching hard={isHard()} onStop={() => setStopped(question())} />
      </Match>
      <Match when={first.answer() !== undefined && hits().length === 0}>
        <NothingFits asked={props.asked} />
      </Match>
      <Match when={first.answer() !== undefined}>
        <div class="found">
          <p role="status">
            <strong>
              {w(pages.cursor() === null && !truncated() ? "search.count" : "search.countMore", {
                count: hits().length,
              })}
            </strong>{" "}
            <span class="quiet">{w("search.order")}</span>
          </p>
          <span class="found-acts">
            <button type="button" class="button" onClick={() => props.onSave()}>
              <Bookmark aria-hidden="true" />
              {w("saved.button")}
            </button>
            <Show when={mayI("write_watchlists")}>
              <button type="button" class="button" onClick={() => props.onWatch()}>
                <Bell aria-hidden="true" />
                {w("watch.button")}
              </button>
            </Show>
          </span>
        </div>
        <Show when={first.trouble()}>
          {(trouble) => (
            <TryAgain words={w("search.notFresh", { why: troubleText(trouble()) })} onRetry={first.refresh} />
          )}
        </Show>
        <Hits hits={hits()} busy={first.isLoading()} />
        <Show when={pages.failed()}>
          {(why) => (
            <TryAgain words={w("search.moreFailed", { why: troubleText(why()) })} onRetry={() => void pages.more()} />
          )}
        </Show>
        <Show when={truncated() && pages.cursor() === null}>
          <p class="list-truncated">{w("search.truncated")}</p>
        </Show>
        <div class="list-end">
          <Show when={pages.cursor() !== null && pages.failed() === undefined} fallback={<Keys />}>
            <button type="button" class="button" disabled={pages.busy()} onClick={() => void pages.more()}>
              {w("search.more")}
            </button>
            <Keys />
          </Show>
        </div>
      </Match>
      <Match when={true}>
        <p class="unseen" role="status">
          {t("app.loading")}
        </p>
      </Match>
    </Switch>
  );
};
