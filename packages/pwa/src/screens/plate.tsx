/**
 * One plate: where and when it was seen, its habits, its company, and what people said of it; without a line, what this
 * device keeps.
 * Rule: the fragment of the address is the state, every number opens its rows, and a reading is never changed, only
 * contradicted.
 */
import type { DetectionView } from "@chaverim/contracts";
import { useNavigate, useParams } from "@solidjs/router";
import SearchX from "lucide-solid/icons/search-x";
import { For, Match, Show, Switch, createEffect, createSignal, on } from "solid-js";
import { w } from "../i18n/search.ts";
import { link } from "../local/sync.ts";
import { LookClosed, closedBefore, closedBy } from "../parts/account/look-closed.tsx";
import { PurposeBar, createPurpose } from "../parts/account/purpose-bar.tsx";
import { mapAddress, plateAddress } from "../parts/addresses.ts";
import { createFragment } from "../parts/fragment.ts";
import { askAgainWhenBack, createOnline } from "../parts/online.ts";
import { CameraHours } from "../parts/plate/camera-hours.tsx";
import { Compare } from "../parts/plate/compare.tsx";
import { KeptSightings } from "../parts/plate/kept-sightings.tsx";
import { PeopleSaid } from "../parts/plate/people-said.tsx";
import { PlateHead } from "../parts/plate/plate-head.tsx";
import {
  EVERYTHING,
  PARTS,
  type Part,
  type PlateChange,
  type PlateName,
  type PlateState,
  hourOf,
  partOf,
  plateOf,
} from "../parts/plate/plate-state.ts";
import { SeenWith } from "../parts/plate/seen-with.tsx";
import { Timeline, createTimeline, timelineQuestion } from "../parts/plate/timeline.tsx";
import { Screen } from "../parts/screen.tsx";
import { CorrectSheet } from "../parts/search/correct-sheet.tsx";
import { ExportSheet } from "../parts/search/export-sheet.tsx";
import { followResultKeys } from "../parts/search/keys.ts";
import { lastSearch } from "../parts/search/last-search.ts";
import { filtersOf, timesOf } from "../parts/search/question.ts";
import { WatchSheet, type Watched } from "../parts/search/watch-sheet.tsx";
import { NoPermission, Notice, TroubleNotice } from "../parts/states.tsx";
import { isWide } from "../parts/width.ts";
import { mayI } from "../session.ts";
import { trpc } from "../trpc.ts";
import "../styles/search.css";
import "../styles/sightings.css";
import "../styles/plate.css";
import "../styles/plate-habits.css";
import "../styles/timeline.css";

const PartTabs = (props: { part: Part; onChange: (part: Part) => void }) => (
  <nav class="part-tabs" aria-label={w("plate.parts")}>
    <For each={PARTS}>
      {(part) => (
        <button
          type="button"
          aria-current={part === props.part ? "true" : undefined}
          onClick={() => props.onChange(part)}
        >
          {w(`plate.part.${part}`)}
        </button>
      )}
    </For>
  </nav>
);

const OnePlate = (props: { plate: string; state: PlateState; onChange: (change: PlateChange) => void }) => {
  const purpose = createPurpose(() => (closedBefore() === null ? props.plate : null));
  const isSettled = () => purpose.isSettled() === true && closedBefore() !== "training_needed";
  const asked = () => (isSettled() ? props.plate : null);
  const view = createOnline(asked, (plate, signal) => trpc.plates.read.query({ plate }, { signal }));
  const pages = createTimeline(() =>
    isSettled() && props.state.with === undefined ? timelineQuestion(props.state, props.plate) : null,
  );
  const together = createOnline(
    () => (isSettled() ? JSON.stringify({ plate: props.plate, ...timesOf(props.state) }) : null),
    (question, signal) => trpc.plates.seenWith.query(JSON.parse(question), { signal }),
  );
  const policy = createOnline(
    () => "current",
    (_current, signal) => trpc.policy.read.query(undefined, { signal }),
  );
  const timeZone = () => policy.answer()?.settings.timeZone;
  const otherZone = () => {
    const zone = timeZone();
    return zone === undefined || zone === Intl.DateTimeFormat().resolvedOptions().timeZone ? null : zone;
  };
  const trouble = () => view.trouble() ?? pages.first.trouble();
  const closed = () =>
    closedBy(trouble()) ??
    (closedBefore() === "training_needed" ? "training_needed" : null) ??
    (purpose.isSettled() === false ? "purpose_needed" : null);
  // What central once said is more than what this device keeps.
  const isAway = () =>
    view.answer() === undefined &&
    pages.first.answer() === undefined &&
    (trouble()?.code === "offline" || link().kind === "offline");
  const refresh = (): void => {
    view.refresh();
    pages.first.refresh();
    together.refresh();
  };
  askAgainWhenBack(view, pages.first, together, policy);
  const [corrected, setCorrected] = createSignal<ReadonlyMap<string, DetectionView>>(new Map());
  const [correcting, setCorrecting] = createSignal<DetectionView | null>(null);
  const [exporting, setExporting] = createSignal(false);
  const [watching, setWatching] = createSignal<Watched | null>(null);
  const part = () => partOf(props.state);
  const isShown = (one: Part) => isWide() || part() === one;

  return (
    <>
      <PurposeBar purpose={purpose} />
      <Switch>
        <Match when={closed()}>{(why) => <LookClosed why={why()} onSaid={() => trouble() && refresh()} />}</Match>
        <Match when={isAway()}>
          <KeptSightings plate={props.plate} onRetry={refresh} />
        </Match>
        <Match when={true}>
          <PlateHead
            plate={props.plate}
            state={props.state}
            view={view.answer()}
            onWatch={() => setWatching({ plate: props.plate, match: "look-alike" })}
            onExport={() => setExporting(true)}
            onEverything={() => props.onChange({ ...EVERYTHING, with: undefined })}
          />
          <Show when={!isWide()}>
            <PartTabs
              part={part()}
              onChange={(next) => props.onChange({ part: next === "timeline" ? undefined : next })}
            />
          </Show>
          <div class="plate-body">
            <Show when={isShown("timeline")}>
              <Show
                when={props.state.with}
                fallback={
                  <Timeline
                    state={props.state}
                    pages={pages}
                    cameras={view.answer()?.cameras ?? []}
                    timeZone={timeZone()}
                    corrected={corrected()}
                    onChange={props.onChange}
                    onCorrect={setCorrecting}
                  />
                }
              >
                {(other) => (
                  <Compare
                    state={props.state}
                    other={other()}
                    isSettled={isSettled()}
                    onStop={() => props.onChange({ with: undefined })}
                  />
                )}
              </Show>
            </Show>
            <div class="plate-side">
              <Show when={view.answer() === undefined && view.trouble()}>
                {(why) => <TroubleNotice title={w("plate.failed")} trouble={why()} onRetry={view.refresh} />}
              </Show>
              <Show when={isShown("cameras") && view.answer()}>
                {(answer) => (
                  <CameraHours
                    cameras={answer().cameras}
                    state={props.state}
                    timeZone={otherZone()}
                    onChange={(change) => props.onChange({ ...change, with: undefined })}
                  />
                )}
              </Show>
              <Show when={isShown("together")}>
                <SeenWith
                  found={together}
                  isLimited={Object.keys(timesOf(props.state)).length > 0}
                  onChange={(change) => props.onChange({ with: undefined, ...change })}
                />
              </Show>
              <Show when={isShown("said") && view.answer()}>
                {(answer) => <PeopleSaid view={answer()} onAdded={view.refresh} />}
              </Show>
            </div>
          </div>
        </Match>
      </Switch>
      <CorrectSheet
        detection={correcting()}
        onClose={() => setCorrecting(null)}
        onDone={(detection) => {
          // The rows stay where they are; what is known of the plate is asked for again.
          setCorrected((before) => new Map([...before, [detection.id, detection]]));
          view.refresh();
        }}
      />
      <ExportSheet
        open={exporting()}
        asked={{
          plate: props.plate,
          lookAlikes: props.state.looks !== undefined,
          filters: filtersOf({ from: props.state.from, to: props.state.to, cameras: props.state.camera }),
        }}
        allHours={hourOf(props.state) !== null}
        onClose={() => setExporting(false)}
      />
      <WatchSheet watch={watching()} onClose={() => setWatching(null)} onAdded={view.refresh} />
    </>
  );
};

export default function PlateScreen() {
  const params = useParams<{ plate?: string }>();
  const navigate = useNavigate();
  const { state, change } = createFragment<PlateName>();
  const plate = () => plateOf(state());
  // Addresses of earlier releases have the plate in their path.
  createEffect(
    on(
      () => params.plate,
      (old) => old !== undefined && navigate(plateAddress(decodeURIComponent(old)), { replace: true }),
    ),
  );
  followResultKeys({ map: (seen) => navigate(mapAddress(seen, { from: state().from, to: state().to })) });
  return (
    <Screen title={plate() || w("plate.title")} heading={w("plate.title")} back={lastSearch()} class="plate-main">
      <Show when={mayI("see_timeline")} fallback={<NoPermission title={w("plate.who")} text={w("plate.whoNext")} />}>
        <Show
          when={plate()}
          keyed
          fallback={
            <Notice icon={<SearchX aria-hidden="true" />} title={w("plate.missing")} text={w("plate.missingNext")} />
          }
        >
          {(current) => <OnePlate plate={current} state={state()} onChange={change} />}
        </Show>
      </Show>
    </Screen>
  );
}
