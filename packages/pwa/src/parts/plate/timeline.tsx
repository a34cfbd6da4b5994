/**
 * Where and when a plate was seen: newest first under the headings of its days, or counted by camera and day.
 * Rule: thousands of rows scroll smoothly, page by page and never counted ahead; each can be corrected where it stands.
 */
import type { DetectionView, PlateView } from "@chaverim/contracts";
import SearchX from "lucide-solid/icons/search-x";
import { Match, Show, Switch, createEffect, createMemo } from "solid-js";
import { dayLabel } from "../../clock.ts";
import { w } from "../../i18n/search.ts";
import { trpc } from "../../trpc.ts";
import { Segments } from "../choices.tsx";
import { createPages } from "../pages.ts";
import { filtersOf } from "../search/question.ts";
import { Sighting } from "../search/sighting.tsx";
import { Notice, Shapes, TroubleNotice } from "../states.tsx";
import { isWide } from "../width.ts";
import { CameraDaysTable } from "./camera-days.tsx";
import { type PlateChange, type PlateState, hourOf, plateOf } from "./plate-state.ts";
import { TimelineFilters, hourLabel, isFiltered } from "./timeline-filters.tsx";
import {
  type DayRow,
  type TimelineRow,
  countByCamera,
  hourTeller,
  isDayRow,
  ofHour,
  rowsByDay,
} from "./timeline-rows.ts";
import { VirtualRows } from "./virtual-rows.tsx";

/** The first page is on the screen soon; those that follow are as long as central gives them. */
const FIRST_PAGE = 200;
const NEXT_PAGE = 1000;
/** As many of the newest as the counts by hour are made of. */
const COUNTED_MAX = 5000;
/** Three lines, and a day's heading, rem. */
const ROW_REM = 4.75;
const DAY_REM = 2.5;

/** What is asked of central, as a string that compares by value. */
export const timelineQuestion = (state: PlateState, plate = plateOf(state)): string => {
  const { from, to } = filtersOf({
    ...(state.from ? { from: state.from } : {}),
    ...(state.to ? { to: state.to } : {}),
  });
  return JSON.stringify({ plate, lookAlikes: state.looks !== undefined, cameraId: state.camera, from, to });
};

/** Reads the pages of a timeline. @param question null asks nothing */
export const createTimeline = (question: () => string | null) =>
  createPages(question, async (asked, cursor: string | undefined, signal) => {
    const limit = cursor === undefined ? FIRST_PAGE : NEXT_PAGE;
    const page = await trpc.detections.timeline.query(
      { ...JSON.parse(asked), limit, ...(cursor === undefined ? {} : { cursor }) },
      { signal },
    );
    return { items: page.detections, cursor: page.cursor };
  });
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

const NoSightings = (props: { state: PlateState }) => (
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
    <Notice icon={<SearchX aria-hidden="true" />} title={w("timeline.none")} text={w("timeline.noneNext")} />
  </Show>
);

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
  const loaded = createMemo(() => props.pages.items().map((one) => props.corrected.get(one.id) ?? one));
  const isWhole = () => props.pages.cursor() === null;
  const hour = () => hourOf(props.state);
  const isCounting = () => hour() !== null && !isWhole() && loaded().length < COUNTED_MAX;
  const shown = createMemo(() => {
    const wanted = hour();
    return wanted === null ? loaded() : ofHour(loaded(), wanted, hourTeller(props.timeZone));
  });
  const rows = createMemo(() => rowsByDay(shown(), isWhole()));
  const isByCamera = () => props.state.view === "cameras" && hour() === null;
  const title = (): string => {
    const wanted = hour();
    return wanted === null
      ? w("plate.sightings")
      : w("timeline.ofHour", { from: hourLabel(wanted), to: hourLabel(wanted + 1) });
  };
  const more = (): void => {
    if (!isWhole() && !props.pages.busy()) void props.pages.more();
  };
  // The rows of one hour are spread over all pages.
  createEffect(() => isCounting() && !props.pages.busy() && more());
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
      <Switch>
        <Match when={first.trouble()}>
          {(trouble) => <TroubleNotice title={w("search.failed")} trouble={trouble()} onRetry={first.refresh} />}
        </Match>
        <Match when={first.answer() === undefined}>
          <Shapes rows={6} />
        </Match>
        <Match when={rows().length === 0 && !isCounting()}>
          <NoSightings state={props.state} />
        </Match>
        <Match when={isByCamera()}>
          <CameraDaysTable days={countByCamera(loaded(), isWhole())} onChange={props.onChange} />
        </Match>
        <Match when={true}>
          <Rows rows={rows()} plate={plateOf(props.state)} onNearEnd={more} onCorrect={props.onCorrect} />
          <p class="list-end quiet" role="status">
            {isWhole() ? w("plate.noMore") : w("timeline.loading")}
          </p>
        </Match>
      </Switch>
    </section>
  );
};
