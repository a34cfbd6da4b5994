/**
 * The way of a plate beside the map: the time that is shown, its stops and legs in words, and another plate to compare with.
 * Rule: what the map draws stands here as text; a leg that no car can drive says so.
 */
import { type Leg, legsOf } from "@chaverim/contracts";
import { A } from "@solidjs/router";
import { For, Show, createDeferred, createMemo, createSignal, onCleanup } from "solid-js";
import { momentLabel, spanLabel } from "../../clock.ts";
import { m } from "../../i18n/map.ts";
import { plateAddress } from "../addresses.ts";
import { PlateChip } from "../plate-chip.tsx";
import { type RouteStop, meetingsOf } from "./route-drawing.ts";

/** A stop is on the screen this long while the way is played. */
const STEP_MS = 700;
/** Stops listed at once: the newest; the slider reaches the others. */
const LISTED_MAX = 25;

const legWords = (leg: Leg): string | null => {
  if (leg.kind === "stay") return null;
  if (leg.kind === "gap") return m("map.leg.gap", { span: spanLabel(Date.parse(leg.to.at) - Date.parse(leg.from.at)) });
  return leg.speedKph === null ? null : m(`map.leg.${leg.kind}`, { speed: Math.round(leg.speedKph) });
};

const Stops = (props: { stops: readonly RouteStop[]; onChoose: (cameraId: string) => void }) => {
  // Rows follow the slider and the map when there is time for them.
  const stops = createDeferred(() => props.stops);
  const rows = createMemo(() => {
    const all = stops();
    const hidden = Math.max(0, all.length - LISTED_MAX);
    const listed = all.slice(hidden);
    const legs = legsOf(listed);
    return listed.map((stop, place) => ({ stop, number: hidden + place + 1, leg: legs[place - 1] }));
  });
  return (
    <ol class="map-stops">
      <For each={rows()}>
        {({ stop, number, leg }) => (
          <li>
            <Show when={leg && legWords(leg)}>
              {(words) => <p class={`map-leg ${leg?.kind === "impossible" ? "critical" : "quiet"}`}>{words()}</p>}
            </Show>
            <button type="button" onClick={() => props.onChoose(stop.cameraId)}>
              <span class="stop-number">{number}</span>
              <bdi>{stop.cameraName}</bdi>
              <Show when={stop.position === null}>
                <span class="quiet">{m("map.stopUnplaced")}</span>
              </Show>
              <bdi class="mono" dir="ltr">
                {momentLabel(stop.at, true)}
              </bdi>
            </button>
          </li>
        )}
      </For>
    </ol>
  );
};

const TimeSlider = (props: {
  stops: readonly RouteStop[];
  range: readonly [number, number];
  onRange: (range: readonly [number, number]) => void;
}) => {
  const [timer, setTimer] = createSignal<ReturnType<typeof setInterval>>();
  const last = () => props.stops.length - 1;
  const timeOf = (place: number) => momentLabel(props.stops[place]?.at ?? 0, true);
  const stop = (): void => {
    clearInterval(timer());
    setTimer(undefined);
  };
  const play = (): void => {
    const [from, to] = props.range;
    if (to >= last()) props.onRange([from, from]);
    setTimer(
      setInterval(() => {
        const [first, shown] = props.range;
        if (shown >= last()) stop();
        else props.onRange([first, shown + 1]);
      }, STEP_MS),
    );
  };
  onCleanup(stop);
  const slider = (end: 0 | 1) => (
    <label>
      <span>
        {end === 0 ? m("map.from") : m("map.to")} <bdi class="mono">{timeOf(props.range[end])}</bdi>
      </span>
      <input
        type="range"
        dir="ltr"
        min="0"
        max={last()}
        value={props.range[end]}
        aria-valuetext={timeOf(props.range[end])}
        onInput={(event) => {
          stop();
          const place = Number(event.currentTarget.value);
          const [from, to] = props.range;
          props.onRange(end === 0 ? [place, Math.max(place, to)] : [Math.min(place, from), place]);
        }}
      />
    </label>
  );
  return (
    <div class="map-time">
      {slider(0)}
      {slider(1)}
      <button type="button" class="button" onClick={() => (timer() === undefined ? play() : stop())}>
        {timer() === undefined ? m("map.play") : m("map.pause")}
      </button>
    </div>
  );
};

const Meetings = (props: {
  ours: readonly RouteStop[];
  theirs: readonly RouteStop[];
  onChoose: (id: string) => void;
}) => {
  const meetings = createMemo(() => meetingsOf(props.ours, props.theirs));
  return (
    <>
      <h3>{m("map.meetings", { count: meetings().length })}</h3>
      <ul class="map-stops">
        <For each={meetings().slice(-LISTED_MAX)}>
          {(meeting) => (
            <li>
              <button type="button" onClick={() => props.onChoose(meeting.cameraId)}>
                <bdi>{meeting.cameraName}</bdi>
                <span class="quiet">{m("map.apart", { seconds: Math.round(meeting.secondsApart) })}</span>
                <bdi class="mono" dir="ltr">
                  {momentLabel(meeting.at, true)}
                </bdi>
              </button>
            </li>
          )}
        </For>
      </ul>
    </>
  );
};

export const RoutePanel = (props: {
  plate: string;
  other: string | undefined;
  /** All that was read, oldest first, and what of it is shown. */
  stops: readonly RouteStop[];
  shown: readonly RouteStop[];
  otherShown: readonly RouteStop[];
  truncated: boolean;
  range: readonly [number, number];
  onRange: (range: readonly [number, number]) => void;
  onChoose: (cameraId: string) => void;
  onCompare: (plate: string | undefined) => void;
}) => (
  <>
    <h2 class="map-side-title">{m("map.route", { plate: props.plate })}</h2>
    <p class="map-plates">
      <span class="way-0">
        <PlateChip text={props.plate} />
      </span>
      <Show when={props.other}>
        {(other) => (
          <span class="way-1">
            <PlateChip text={other()} />
          </span>
        )}
      </Show>
      <A class="text-link" href={plateAddress(props.plate)}>
        {m("map.openPlate")}
      </A>
      <A class="text-link" href="/map">
        {m("map.allCameras")}
      </A>
    </p>
    <Show
      when={props.other === undefined}
      fallback={
        <button type="button" class="button quiet-button" onClick={() => props.onCompare(undefined)}>
          {m("map.compareStop")}
        </button>
      }
    >
      <form
        class="map-compare"
        onSubmit={(event) => {
          event.preventDefault();
          const text = new FormData(event.currentTarget).get("other");
          if (typeof text === "string" && text.trim() !== "") props.onCompare(text.trim());
        }}
      >
        <input name="other" dir="ltr" aria-label={m("map.compare")} placeholder={m("map.compare")} autocomplete="off" />
        <button type="submit" class="button">
          {m("map.compareDo")}
        </button>
      </form>
    </Show>
    <Show when={props.stops.length > 0} fallback={<p>{m("map.noStops")}</p>}>
      <Show when={props.truncated}>
        <p class="warn">{m("map.truncated", { count: props.stops.length })}</p>
      </Show>
      <TimeSlider stops={props.stops} range={props.range} onRange={props.onRange} />
      <Show when={props.other !== undefined}>
        <Meetings ours={props.shown} theirs={props.otherShown} onChoose={props.onChoose} />
      </Show>
      <h3>{m("map.stops")}</h3>
      <Stops stops={props.shown} onChoose={props.onChoose} />
    </Show>
  </>
);
