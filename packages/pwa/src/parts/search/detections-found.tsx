/**
 * The answer to a search without a plate: detections by place, time and vehicle, newest first.
 * Rule: a row without a reading can be given one by whoever reads the photo; the list can be handed on as a file.
 */
import type { DetectionView } from "@chaverim/contracts";
import Bookmark from "lucide-solid/icons/bookmark";
import Download from "lucide-solid/icons/download";
import SearchX from "lucide-solid/icons/search-x";
import { For, Match, Show, Switch, createEffect, createMemo, createSignal, on } from "solid-js";
import { w } from "../../i18n/search.ts";
import { t } from "../../i18n/words.ts";
import { mayI } from "../../session.ts";
import { trpc, troubleText } from "../../trpc.ts";
import { LookClosed, closedBy } from "../account/look-closed.tsx";
import { askAgainWhenBack } from "../online.ts";
import { createPages } from "../pages.ts";
import { Notice, Shapes, TroubleNotice } from "../states.tsx";
import { TryAgain } from "../try-again.tsx";
import { CorrectSheet } from "./correct-sheet.tsx";
import { ExportSheet } from "./export-sheet.tsx";
import { KeptDetections } from "./kept-found.tsx";
import type { Asked } from "./question.ts";
import { Sighting } from "./sighting.tsx";

/** Rows of one page: two screens of a desktop. */
const ROWS = 50;

/**
 * @param props.isSettled looks may be taken now
 * @param props.again counts how often the same was sent again
 * @param props.onAnswered called when an answer stands on the screen
 */
export const DetectionsFound = (props: {
  asked: Extract<Asked, { kind: "detections" }>;
  isSettled: boolean;
  again: number;
  onAnswered: () => void;
  onSave: () => void;
}) => {
  const question = createMemo(() => {
    const { filters, unread } = props.asked;
    return JSON.stringify({ filters, unread });
  });
  const pages = createPages(
    () => (props.isSettled ? question() : null),
    async (asked, cursor: string | undefined, signal) => {
      const page = await trpc.detections.find.query(
        { ...JSON.parse(asked), limit: ROWS, ...(cursor === undefined ? {} : { cursor }) },
        { signal },
      );
      return { items: page.detections, cursor: page.cursor };
    },
    () => undefined,
  );
  const { first } = pages;
  createEffect(on(() => props.again, first.refresh, { defer: true }));
  askAgainWhenBack(first);
  const found = createMemo(pages.items);
  createEffect(on(first.answer, (answer) => answer !== undefined && props.onAnswered()));
  const [correcting, setCorrecting] = createSignal<DetectionView | null>(null);
  const [exporting, setExporting] = createSignal(false);
  return (
    <>
      <Switch>
        <Match when={closedBy(first.trouble())}>{(why) => <LookClosed why={why()} onSaid={first.refresh} />}</Match>
        <Match when={first.answer() === undefined && first.trouble()?.code === "offline"}>
          <KeptDetections asked={props.asked} />
          <div class="list-end">
            <button type="button" class="button" onClick={() => first.refresh()}>
              {t("app.tryAgain")}
            </button>
          </div>
        </Match>
        <Match when={first.answer() === undefined && first.trouble()}>
          {(trouble) => <TroubleNotice title={w("search.failed")} trouble={trouble()} onRetry={first.refresh} />}
        </Match>
        <Match when={first.answer() === undefined}>
          <Shapes rows={8} />
        </Match>
        <Match when={found().length === 0}>
          <Notice icon={<SearchX aria-hidden="true" />} title={w("find.none")} text={w("find.noneNext")} />
        </Match>
        <Match when={true}>
          <div class="found">
            <p role="status">
              <strong>{w(pages.cursor() === null ? "find.count" : "find.countMore", { count: found().length })}</strong>{" "}
              <span class="quiet">{w("find.order")}</span>
            </p>
            <span class="found-acts">
              <button type="button" class="button" onClick={() => props.onSave()}>
                <Bookmark aria-hidden="true" />
                {w("saved.button")}
              </button>
              <button type="button" class="button" onClick={() => setExporting(true)}>
                <Download aria-hidden="true" />
                {w("file.button")}
              </button>
            </span>
          </div>
          <Show when={first.trouble()}>
            {(trouble) => (
              <TryAgain words={w("search.notFresh", { why: troubleText(trouble()) })} onRetry={first.refresh} />
            )}
          </Show>
          <ul class="sightings" aria-label={w("search.results")} aria-busy={first.isLoading()}>
            <For each={found()}>
              {(detection) => (
                <li>
                  <Sighting
                    detection={detection}
                    withPlate
                    withDay
                    onCorrect={mayI("see_timeline") ? setCorrecting : undefined}
                  />
                </li>
              )}
            </For>
          </ul>
          <Show
            when={pages.failed()}
            fallback={
              <div class="list-end">
                <Show when={pages.cursor() !== null} fallback={<p class="quiet">{w("plate.noMore")}</p>}>
                  <button type="button" class="button" disabled={pages.busy()} onClick={() => void pages.more()}>
                    {w("search.more")}
                  </button>
                </Show>
              </div>
            }
          >
            {(why) => (
              <TryAgain words={w("search.moreFailed", { why: troubleText(why()) })} onRetry={() => void pages.more()} />
            )}
          </Show>
        </Match>
      </Switch>
      <CorrectSheet detection={correcting()} onClose={() => setCorrecting(null)} onDone={() => first.refresh()} />
      <ExportSheet
        open={exporting()}
        asked={{ filters: props.asked.filters, unread: props.asked.unread }}
        onClose={() => setExporting(false)}
      />
    </>
  );
};
