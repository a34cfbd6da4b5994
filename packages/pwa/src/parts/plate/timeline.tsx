/**
 * Where and when a plate was seen: newest first under the headings of its days, or counted by camera and day.
 * Rule: thousands of rows scroll smoothly, page by page and never counted ahead; each can be corrected where it stands. A
 * page that failed is asked for again by a person alone.
 */
import type { DetectionView, PlateView } from "@chaverim/contracts";
import SearchX from "lucide-solid/icons/search-x";
import { Match, Show, Switch, createEffect, createMemo } from "solid-js";
import { dayLabel } from "../../clock.ts";
import { w } from "../../i18n/search.ts";
import { trpc, troubleText } from "../../trpc.ts";
import { Segments } from "../choices.tsx";
import { createPages } from "../pages.ts";
import { timesOf } from "../search/question.ts";
import { Sighting } from "../search/sighting.tsx";
import { Notice, Shapes, TroubleNotice } from "../states.tsx";
import { TryAgain } from "../try-again.tsx";
import { isWide } from "../width.ts";
import { CameraDaysTable } from "./camera-days.tsx";
import { type PlateChange, type PlateState, hourOf, plateOf } from "./plate-state.ts";
import { TimelineFilters, hourLabel, isFiltered } from "./timeline-filters.tsx";
import {
  type CameraDays,
  DAYS_SHOWN,
  type DayRow,
  type Grouped,
  type TimelineRow,
  countByCamera,
  groupByDay,
  hourTeller,
  isDayRow,
  ofHour,
} from "./timeline-rows.ts";
import { VirtualRows } from "./virtual-rows.tsx";

/** The first page is on the screen soon; those that follow are as long as a slow phone takes in at once. */
const FIRST_PAGE = 200;
const NEXT_PAGE = 500;
/** As many of the newest as the counts by hour and by camera are made of. */
const COUNTED_MAX = 5000;
/** Three lines, and a day's heading, rem. */
const ROW_REM = 4.75;
const DAY_REM = 2.5;

/** What is asked of central, as a string that compares by value. */
export const timelineQuestion = (state: PlateState, plate = plateOf(state)): string => {
  const { from, to } = timesOf(state);
  return JSON.stringify({ plate, lookAlikes: state.looks !== undefined, cameraId: state.camera, from, to });
};

/** Reads the pages of a timeline. @param question null asks nothing */
export const createTimeline = (question: () => string | null) =>
  createPages(
    question,
    async (asked, cursor: string | undefined, signal) => {
      const limit = cursor === undefined ? FIRST_PAGE : NEXT_PAGE;
      const page = await trpc.detections.timeline.query(
        { ...JSON.parse(asked), limit, ...(cursor === undefined ? {} : { cursor }) },
        { signal },
      );
      return { items: page.detections, cursor: page.cursor };
    },
    () => undefined,
  );
export type TimelinePages = ReturnType<typeof createTimeline>;

const Day = (props: { day: DayRow }) => (
  <h3 class="day-row">
    {dayLabel(props.day.dayStart)}
    <Show when={props.day.count}>{(count) => <span class="quiet">{count()}</span>}</Show>
  </h3>
);

const Rows = (props: {
  rows: readonly TimelineRow[];
  /** Rows of other plates than the page's are among them. */
  plate: string;
  onNearEnd: () => void;
  onCorrect: (detection: DetectionView) => void;
}) => (
  <VirtualRows
    rows={props.rows}
    heightOf={(row) => (isDayRow(row) ? DAY_REM : ROW_REM)}
    label={w("plate.sightings")}
    onNearEnd={props.onNearEnd}
  >
    {(row) =>
      isDayRow(row) ? (
        <Day day={row} />
      ) : (
        <Sighting
          detection={row}
          withPlate={row.plate.normalized !== props.plate && row.corrected?.plate !== props.plate}
          onCorrect={props.onCorrect}
        />
      )
    }
  </VirtualRows>
);

/** @param props.newest as many were looked through, where that is not everything; null where it is */
const NoSightings = (props: { state: PlateState; newest: number | null }) => (
  <Show
    when={isFiltered(props.state)}
    fallback={
      <Notice
        icon={<SearchX aria-hidden="true" />}
        title={w("plate.empty", { plate: plateOf(props.state) })}
        text={w("plate.emptyNext")}
      />
    }
  >
    <Notice
      icon={<SearchX aria-hidden="true" />}
      title={props.newest === null ? w("timeline.none") : w("timeline.noneAmongNewest", { count: props.newest })}
      text={w("timeline.noneNext")}
    />
  </Show>
);

/** Where the list ends: on its way, failed, or all there is. */
const End = (props: { pages: TimelinePages }) => (
  <Show
    when={props.pages.failed()}
    fallback={
      <p class="list-end quiet" role="status">
        {props.pages.cursor() === null ? w("plate.noMore") : w("timeline.loading")}
      </p>
    }
  >
    {(why) => (
      <TryAgain words={w("search.moreFailed", { why: troubleText(why()) })} onRetry={() => void props.pages.more()} />
    )}
  </Show>
);

/** By camera and day, with what the counts are made of where that is not everything. */
const ByCamera = (props: {
  days: CameraDays;
  pages: TimelinePages;
  isCounting: boolean;
  isAll: boolean;
  onChange: (change: PlateChange) => void;
}) => {
  const counted = () => props.days.cameras.flatMap(({ counts }) => counts).reduce((all, count) => all + count, 0);
  return (
    <>
      <Show when={props.days.days.length > 0}>
        <CameraDaysTable days={props.days} onChange={props.onChange} />
      </Show>
      <Show
        when={props.isCounting}
        fallback={
          <Show when={!props.isAll}>
            <p class="list-end quiet" role="status">
              {counted() > 0 ? w("timeline.counted", { count: counted() }) : w("timeline.notCounted")}
            </p>
          </Show>
        }
      >
        <End pages={props.pages} />
      </Show>
    </>
  );
};

export const Timeline = (props: {
  state: PlateState;
  pages: TimelinePages;
  cameras: PlateView["cameras"];
  /** Of the organisation, by which the hours are counted. */
  timeZone: string | undefined;
  onChange: (change: PlateChange) => void;
  /** By id, those that were corrected a moment ago: the pages say how they stood before. */
  corrected: ReadonlyMap<string, DetectionView>;
  onCorrect: (detection: DetectionView) => void;
}) => {
  const { first } = props.pages;
  const loaded = createMemo(() => {
    const [items, corrected] = [props.pages.items(), props.corrected];
    return corrected.size === 0 ? items : items.map((one) => corrected.get(one.id) ?? one);
  });
  const isWhole = () => props.pages.cursor() === null;
  const hour = () => hourOf(props.state);
  const isByCamera = () => props.state.view === "cameras" && hour() === null;
  const tellHour = createMemo(() => hourTeller(props.timeZone));
  const shown = createMemo(() => {
    const wanted = hour();
    return wanted === null ? loaded() : ofHour(loaded(), wanted, tellHour());
  });
  const grouped = createMemo<Grouped>((before) => groupByDay(shown(), isWhole(), before), groupByDay([], true));
  const rows = () => grouped().rows;
  const byCamera = createMemo(() => (isByCamera() ? countByCamera(loaded(), isWhole()) : null));
  /** The rows of one hour, and those of whole days, are spread over the pages that follow. */
  const isCounting = () =>
    !isWhole() &&
    loaded().length < COUNTED_MAX &&
    (hour() !== null || (byCamera()?.days.length ?? DAYS_SHOWN) < DAYS_SHOWN);
  const title = (): string => {
    const wanted = hour();
    return wanted === null
      ? w("plate.sightings")
      : w("timeline.ofHour", { from: hourLabel(wanted), to: hourLabel(wanted + 1) });
  };
  createEffect(() => isCounting() && props.pages.loadOn());
  return (
    <section class="timeline" aria-labelledby="timeline-title">
      <h2 id="timeline-title" class="timeline-title" classList={{ unseen: !isWide() && hour() === null }}>
        {title()}
      </h2>
      <TimelineFilters state={props.state} cameras={props.cameras} onChange={props.onChange}>
        <Segments
          label={w("timeline.view")}
          hideLabel
          value={isByCamera() ? "cameras" : "days"}
          options={[
            { value: "days", label: w("timeline.byDay") },
            { value: "cameras", label: w("timeline.byCamera") },
          ]}
          onChange={(view) => props.onChange({ view: view === "cameras" ? view : undefined, hour: undefined })}
        />
      </TimelineFilters>
      <Show when={first.answer() && first.trouble()}>
        {(trouble) => (
          <TryAgain words={w("search.notFresh", { why: troubleText(trouble()) })} onRetry={first.refresh} />
        )}
      </Show>
      <Switch>
        <Match when={first.answer() === undefined && first.trouble()}>
          {(trouble) => <TroubleNotice title={w("search.failed")} trouble={trouble()} onRetry={first.refresh} />}
        </Match>
        <Match when={first.answer() === undefined}>
          <Shapes rows={6} />
        </Match>
        <Match when={rows().length === 0 && !isCounting()}>
          <NoSightings state={props.state} newest={isWhole() ? null : loaded().length} />
        </Match>
        <Match when={byCamera()}>
          {(days) => (
            <ByCamera
              days={days()}
              pages={props.pages}
              isCounting={isCounting()}
              isAll={isWhole()}
              onChange={props.onChange}
            />
          )}
        </Match>
        <Match when={true}>
          <Rows rows={rows()} plate={plateOf(props.state)} onNearEnd={props.pages.loadOn} onCorrect={props.onCorrect} />
          <End pages={props.pages} />
        </Match>
      </Switch>
    </section>
  );
};
