/**
 * The way of a plate beside the map: the time that is shown, its stops and legs in words, and another plate to compare with.
 * Rule: what the map draws stands here as text; a leg that no car can drive says so.
 */
import { type Leg, type Stop, legsOf, normalizePlate } from "@chaverim/contracts";
import { A } from "@solidjs/router";
import { For, Show, createDeferred, createEffect, createMemo, createSignal, on, onCleanup } from "solid-js";
import { momentLabel, spanLabel } from "../../clock.ts";
import { m } from "../../i18n/map.ts";
import { plateAddress } from "../addresses.ts";
import { PlateChip } from "../plate-chip.tsx";
import { minuteOf } from "../search/question.ts";
import { Meetings } from "./meetings.tsx";
import type { Range } from "./route-drawing.ts";
import type { MapChange, Routes } from "./routes.ts";

/** A stop is on the screen this long while the way is played. */
const STEP_MS = 700;
const MINUTE_MS = 60_000;
/** Stops listed at once: the newest; the slider reaches the others. */
const LISTED_MAX = 25;

const legWords = (leg: Leg): string | null => {
  if (leg.kind === "stay") return null;
  if (leg.kind === "gap") return m("map.leg.gap", { span: spanLabel(leg.to.atMs - leg.from.atMs) });
  return leg.speedKph === null ? null : m(`map.leg.${leg.kind}`, { speed: Math.round(leg.speedKph) });
};

const Stops = (props: { stops: readonly Stop[]; onChoose: (cameraId: string) => void }) => {
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
                {momentLabel(stop.atMs, true)}
              </bdi>
            </button>
          </li>
        )}
      </For>
    </ol>
  );
};

const TimeSlider = (props: { stops: readonly Stop[]; range: Range; onRange: (range: Range) => void }) => {
  const [timer, setTimer] = createSignal<ReturnType<typeof setInterval>>();
  const last = () => props.stops.length - 1;
  const timeOf = (place: number) => momentLabel(props.stops[place]?.atMs ?? 0, true);
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
  createEffect(on(() => props.stops, stop, { defer: true }));
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

/** The time that was asked for, when it is not all. */
const AskedTimes = (props: { routes: Routes; onAsk: MapChange }) => {
  const words = () => {
    const { from, to } = props.routes.times();
    const [since, until] = [from && momentLabel(from), to && momentLabel(to)];
    if (since && until) return m("map.askedBetween", { from: since, to: until });
    if (since) return m("map.askedFrom", { from: since });
    return until && m("map.askedTo", { to: until });
  };
  return (
    <Show when={words()}>
      {(text) => (
        <p class="map-acts">
          {text()}
          <button
            type="button"
            class="button quiet-button"
            onClick={() => props.onAsk({ from: undefined, to: undefined, first: undefined, last: undefined })}
          >
            {m("map.allTimes")}
          </button>
        </p>
      )}
    </Show>
  );
};

/** That there is more than what is shown, and the way to it. */
const Truncated = (props: { stops: readonly Stop[]; onAsk: MapChange }) => {
  // Times of an address are whole minutes; that of the oldest is asked for again.
  const showEarlier = (): void => {
    const to = minuteOf((props.stops[0]?.atMs ?? 0) + MINUTE_MS);
    props.onAsk({ to, first: undefined, last: undefined });
  };
  return (
    <div class="map-acts">
      <p class="warn">{m("map.truncated", { count: props.stops.length })}</p>
      <button type="button" class="button" onClick={showEarlier}>
        {m("map.earlier")}
      </button>
    </div>
  );
};

const Plates = (props: { routes: Routes; onCompare: (plate: string | undefined) => void }) => (
  <>
    <h2 class="map-side-title">{m("map.route", { plate: props.routes.plate() })}</h2>
    <p class="map-plates">
      <span class="way-0">
        <PlateChip text={props.routes.plate()} />
      </span>
      <Show when={props.routes.other()}>
        {(other) => (
          <span class="way-1">
            <PlateChip text={other()} />
          </span>
        )}
      </Show>
      <A class="text-link" href={plateAddress(props.routes.plate())}>
        {m("map.openPlate")}
      </A>
      <A class="text-link" href="/map">
        {m("map.allCameras")}
      </A>
    </p>
    <Show
      when={props.routes.other() === ""}
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
          const plate = typeof text === "string" ? normalizePlate(text) : "";
          if (plate !== "") props.onCompare(plate);
        }}
      >
        <input name="other" dir="ltr" aria-label={m("map.compare")} placeholder={m("map.compare")} autocomplete="off" />
        <button type="submit" class="button">
          {m("map.compareDo")}
        </button>
      </form>
    </Show>
  </>
);

export const RoutePanel = (props: { routes: Routes; change: MapChange; onAsk: MapChange }) => {
  const stops = () => props.routes.stops();
  const choose = (camera: string): void => props.change({ camera });
  return (
    <>
      <Plates routes={props.routes} onCompare={(plate) => props.change({ with: plate })} />
      <AskedTimes routes={props.routes} onAsk={props.onAsk} />
      <Show when={stops().length > 0} fallback={<p>{m("map.noStops")}</p>}>
        <Show when={props.routes.first.answer()?.truncated}>
          <Truncated stops={stops()} onAsk={props.onAsk} />
        </Show>
        <TimeSlider stops={stops()} range={props.routes.range()} onRange={props.routes.setRange} />
        <Show when={props.routes.other() !== ""}>
          <Meetings routes={props.routes} listedMax={LISTED_MAX} onChoose={choose} />
        </Show>
        <h3>{m("map.stops")}</h3>
        <Stops stops={props.routes.shown()} onChoose={choose} />
      </Show>
    </>
  );
};
