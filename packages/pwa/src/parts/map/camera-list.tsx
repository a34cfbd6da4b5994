/**
 * The cameras beside the map, in words, and the one that somebody chose.
 * Rule: says everything that the map says, for the keyboard, for ears, and when there is no ground.
 */
import type { MapCamera } from "@chaverim/contracts";
import { A } from "@solidjs/router";
import { For, Show, createMemo } from "solid-js";
import { ageLabel, momentLabel } from "../../clock.ts";
import { m } from "../../i18n/map.ts";
import { mayI } from "../../session.ts";
import { addressOf } from "../addresses.ts";
import { minuteOf } from "../search/question.ts";
import { HOUR_MS, hourStart, hourWords } from "./hours-slider.tsx";
import { healthWords } from "./pins.ts";

const TONES = { live: "ok", late: "warn", silent: "warn", offline: "critical", unapproved: "quiet" } as const;
const SHAPES = {
  live: "dot",
  late: "dot diamond",
  silent: "dot hollow",
  offline: "dot hollow",
  unapproved: "dot hollow",
} as const;

const HealthLine = (props: { camera: MapCamera }) => (
  <span class={`state ${TONES[props.camera.health]}`}>
    <i class={`${SHAPES[props.camera.health]} ${TONES[props.camera.health]}`} />
    {healthWords(props.camera)}
  </span>
);

/** A bar an hour; the words beside it say the same. */
const Hours = (props: { perHour: readonly number[] }) => {
  const highest = () => Math.max(1, ...props.perHour);
  return (
    <svg class="map-hours" viewBox="0 0 96 24" aria-hidden="true">
      <For each={props.perHour}>
        {(count, place) => {
          const height = () => Math.max(1, (count / highest()) * 22);
          return <rect x={place() * 4} y={24 - height()} width="3" height={height()} />;
        }}
      </For>
    </svg>
  );
};

/** The rows of a camera in a time. */
export const seenAddress = (cameraId: string, fromMs: number, toMs: number): string =>
  addressOf("/search", { cameras: cameraId, from: minuteOf(fromMs), to: minuteOf(toMs) });

type Counted = {
  /** When central counted. */
  asOf: number;
  /** The hour that the map shows, as a place in `perHour`. */
  hour: number | null;
};

/** How much a camera saw in the last day and in its fullest hour; each number opens its rows. */
const LastDay = (props: { asOf: number; camera: MapCamera }) => {
  const counts = () => props.camera.perHour;
  const total = () => counts().reduce((sum, count) => sum + count, 0);
  const highest = () => Math.max(0, ...counts());
  const startOf = (place: number) => hourStart(place, counts().length, props.asOf);
  const fullest = () => startOf(counts().indexOf(highest()));
  const totalWords = () => m("map.dayTotal", { count: total() });
  const highestWords = () => m("map.dayHighest", { count: highest(), hour: hourWords(fullest()) });
  return (
    <Show when={total() > 0} fallback={<p class="quiet">{totalWords()}</p>}>
      <Show
        when={mayI("see_timeline")}
        fallback={
          <p class="quiet">
            {totalWords()} · {highestWords()}
          </p>
        }
      >
        <p class="map-counts">
          <A class="text-link" href={seenAddress(props.camera.id, startOf(0), startOf(counts().length))}>
            {totalWords()}
          </A>
          <A class="text-link" href={seenAddress(props.camera.id, fullest(), fullest() + HOUR_MS)}>
            {highestWords()}
          </A>
        </p>
      </Show>
    </Show>
  );
};

/** What it saw in the hour that the map shows, or in the last day. */
const shownSeen = ({ camera, asOf, hour }: Counted & { camera: MapCamera }): string => {
  const startOf = (place: number) => hourStart(place, camera.perHour.length, asOf);
  return hour === null
    ? seenAddress(camera.id, startOf(0), startOf(camera.perHour.length))
    : seenAddress(camera.id, startOf(hour), startOf(hour + 1));
};

const Chosen = (props: Counted & { camera: MapCamera; onClose: () => void }) => (
  <section class="map-chosen" aria-label={props.camera.name}>
    <header>
      <h2>
        <bdi>{props.camera.name}</bdi>
      </h2>
      <Show when={props.camera.area}>{(area) => <bdi class="quiet">{area()}</bdi>}</Show>
    </header>
    <HealthLine camera={props.camera} />
    <p>
      {props.camera.lastDetectionAt === null
        ? m("map.neverSeen")
        : m("map.lastSeen", {
            time: momentLabel(props.camera.lastDetectionAt),
            age: ageLabel(props.camera.lastDetectionAt),
          })}
    </p>
    <Hours perHour={props.camera.perHour} />
    <LastDay camera={props.camera} asOf={props.asOf} />
    <p class="map-acts">
      <Show when={mayI("see_timeline")}>
        <A class="button" href={shownSeen(props)}>
          {m("map.showSeen")}
        </A>
      </Show>
      <button type="button" class="button quiet-button" onClick={() => props.onClose()}>
        {m("map.close")}
      </button>
    </p>
  </section>
);

export const CameraList = (
  props: Counted & {
    cameras: readonly MapCamera[];
    chosenId: string | undefined;
    onChoose: (cameraId: string | undefined) => void;
  },
) => {
  // Rows are those of ids: each keeps its button, and the focus on it, when central is asked again.
  const byId = createMemo(() => new Map(props.cameras.map((camera) => [camera.id, camera])));
  const unplaced = () => props.cameras.filter(({ position }) => position === null).length;
  return (
    <>
      <Show when={props.cameras.find(({ id }) => id === props.chosenId)}>
        {(camera) => (
          <Chosen camera={camera()} asOf={props.asOf} hour={props.hour} onClose={() => props.onChoose(undefined)} />
        )}
      </Show>
      <Show when={unplaced() > 0}>
        <p class="map-unplaced">
          {m("map.unplaced", { count: unplaced() })}
          <Show when={mayI("manage_collectors")}>
            {" · "}
            <A class="text-link" href="/collectors">
              {m("map.place")}
            </A>
          </Show>
        </p>
      </Show>
      <h2 class="map-side-title">{m("map.cameras")}</h2>
      <ul class="map-list">
        <For each={[...byId().keys()]}>
          {(id) => (
            <Show when={byId().get(id)}>
              {(camera) => (
                <li>
                  <button
                    type="button"
                    aria-pressed={id === props.chosenId}
                    onClick={() => props.onChoose(id === props.chosenId ? undefined : id)}
                  >
                    <span class="map-list-name">
                      <bdi>{camera().name}</bdi>
                      <Show when={camera().position === null}>
                        <span class="quiet">{m("map.stopUnplaced")}</span>
                      </Show>
                    </span>
                    <HealthLine camera={camera()} />
                  </button>
                </li>
              )}
            </Show>
          )}
        </For>
      </ul>
    </>
  );
};
