/**
 * At which cameras a plate is seen, and at which hours of the day.
 * Rule: a bar opens its rows, and so does every number; the same choices stand over the timeline, for the keyboard.
 */
import type { PlateView } from "@chaverim/contracts";
import { For, Show, createSignal } from "solid-js";
import { momentLabel } from "../../clock.ts";
import { w } from "../../i18n/search.ts";
import { EVERYTHING, type PlateChange, type PlateState, hourOf } from "./plate-state.ts";
import { hourLabel } from "./timeline-filters.tsx";

/** Cameras in sight at first: a glance. */
const CAMERAS_SHOWN = 5;
/** Units of the drawing: an hour is 10 wide, the highest bar 36. */
const HOUR_WIDTH = 10;
const BAR_HEIGHT = 36;
const BAR_GAP = 2;

type Camera = PlateView["cameras"][number];

/** The hour with most sightings, for those who do not see the bars. */
const busiest = ({ hours }: Camera): number => hours.indexOf(Math.max(...hours));

const Bars = (props: { camera: Camera; highest: number; chosen: number | null; onHour: (hour: number) => void }) => {
  /** The bars are too narrow for a finger or the keyboard: the whole drawing is pressed, and the place says the hour. */
  const press = (event: MouseEvent & { currentTarget: SVGSVGElement }): void => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const hour = Math.floor(((event.clientX - left) / width) * props.camera.hours.length);
    if ((props.camera.hours[hour] ?? 0) > 0) props.onHour(hour);
  };
  return (
    <svg
      class="hour-bars"
      viewBox={`0 0 ${props.camera.hours.length * HOUR_WIDTH} ${BAR_HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={w("hours.bars", {
        camera: props.camera.name,
        hour: hourLabel(busiest(props.camera)),
        count: Math.max(...props.camera.hours),
      })}
      onClick={press}
    >
      <For each={props.camera.hours}>
        {(count, hour) => {
          const height = () => (count === 0 ? 1 : Math.max(3, (count / props.highest) * BAR_HEIGHT));
          return (
            <rect
              classList={{ none: count === 0, chosen: props.chosen === hour() }}
              x={hour() * HOUR_WIDTH}
              y={BAR_HEIGHT - height()}
              width={HOUR_WIDTH - BAR_GAP}
              height={height()}
            >
              <title>{w("hours.bar", { from: hourLabel(hour()), to: hourLabel(hour() + 1), count })}</title>
            </rect>
          );
        }}
      </For>
    </svg>
  );
};

export const CameraHours = (props: {
  cameras: PlateView["cameras"];
  state: PlateState;
  /** Of the organisation, where it is not the person's own. */
  timeZone: string | null;
  onChange: (change: PlateChange) => void;
}) => {
  const [all, setAll] = createSignal(false);
  const shown = () => (all() ? props.cameras : props.cameras.slice(0, CAMERAS_SHOWN));
  const highest = () => Math.max(1, ...props.cameras.flatMap(({ hours }) => hours));
  return (
    <section class="plate-block" aria-labelledby="cameras-title">
      <h2 id="cameras-title">{w("hours.title")}</h2>
      <Show when={props.cameras.length > 0} fallback={<p class="quiet">{w("hours.none")}</p>}>
        <p class="quiet">
          {w("hours.lead")}
          <Show when={props.timeZone}>{(zone) => <> {w("hours.zone", { zone: zone() })}</>}</Show>
        </p>
        <ul class="camera-hours">
          <For each={shown()}>
            {(camera) => (
              <li>
                <button
                  type="button"
                  class="camera-open"
                  aria-pressed={props.state.camera === camera.id}
                  onClick={() => props.onChange({ ...EVERYTHING, camera: camera.id })}
                >
                  <bdi class="clip">{camera.name}</bdi>
                  <span class="quiet">{momentLabel(camera.lastSeen)}</span>
                  <strong>{camera.sightings}</strong>
                  <span class="unseen">{w("hours.open", { count: camera.sightings })}</span>
                </button>
                <Bars
                  camera={camera}
                  highest={highest()}
                  chosen={props.state.camera === camera.id ? hourOf(props.state) : null}
                  onHour={(hour) => props.onChange({ ...EVERYTHING, camera: camera.id, hour: String(hour) })}
                />
              </li>
            )}
          </For>
        </ul>
        <p class="hours-axis" dir="ltr" aria-hidden="true">
          <For each={["00", "06", "12", "18", "24"]}>{(label) => <span>{label}</span>}</For>
        </p>
        <Show when={props.cameras.length > CAMERAS_SHOWN && !all()}>
          <button type="button" class="button" onClick={() => setAll(true)}>
            {w("hours.all", { count: props.cameras.length })}
          </button>
        </Show>
      </Show>
    </section>
  );
};
