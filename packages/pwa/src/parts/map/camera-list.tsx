/**
 * The cameras beside the map, in words, and the one that somebody chose.
 * Rule: says everything that the map says, for the keyboard, for ears, and when there is no ground.
 */
import type { MapCamera } from "@chaverim/contracts";
import { A } from "@solidjs/router";
import { For, Show } from "solid-js";
import { ageLabel, momentLabel } from "../../clock.ts";
import { m } from "../../i18n/map.ts";
import { mayI } from "../../session.ts";
import { addressOf } from "../addresses.ts";
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

const totalOf = (camera: MapCamera): number => camera.perHour.reduce((sum, count) => sum + count, 0);

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

const Chosen = (props: { camera: MapCamera; onClose: () => void }) => (
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
    <p class="quiet">
      {m("map.lastDay", { total: totalOf(props.camera), highest: Math.max(0, ...props.camera.perHour) })}
    </p>
    <p class="map-acts">
      <Show when={mayI("see_timeline")}>
        <A class="button" href={addressOf("/search", { cameras: props.camera.id })}>
          {m("map.showSeen")}
        </A>
      </Show>
      <button type="button" class="button quiet-button" onClick={() => props.onClose()}>
        {m("map.close")}
      </button>
    </p>
  </section>
);

export const CameraList = (props: {
  cameras: readonly MapCamera[];
  chosenId: string | undefined;
  onChoose: (cameraId: string | undefined) => void;
}) => {
  const unplaced = () => props.cameras.filter(({ position }) => position === null).length;
  return (
    <>
      <Show when={props.cameras.find(({ id }) => id === props.chosenId)}>
        {(camera) => <Chosen camera={camera()} onClose={() => props.onChoose(undefined)} />}
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
        <For each={props.cameras}>
          {(camera) => (
            <li>
              <button
                type="button"
                aria-pressed={camera.id === props.chosenId}
                onClick={() => props.onChoose(camera.id === props.chosenId ? undefined : camera.id)}
              >
                <span class="map-list-name">
                  <bdi>{camera.name}</bdi>
                  <Show when={camera.position === null}>
                    <span class="quiet">{m("map.stopUnplaced")}</span>
                  </Show>
                </span>
                <HealthLine camera={camera} />
              </button>
            </li>
          )}
        </For>
      </ul>
    </>
  );
};
