/**
 * The hour of the last day whose counts the map shows.
 * Rule: hours are the person's own, and the slider is one that every keyboard knows.
 */
import { Show } from "solid-js";
import { clockTime } from "../../clock.ts";
import { m } from "../../i18n/map.ts";

export const HOUR_MS = 3_600_000;

/**
 * When an hour of `perHour` begins; central's hours are those of UTC.
 * @param place 0 is the oldest of `count`
 * @param atMs when central counted
 */
export const hourStart = (place: number, count: number, atMs: number): number =>
  Math.floor(atMs / HOUR_MS) * HOUR_MS - (count - 1 - place) * HOUR_MS;

/** Where an hour stands in `perHour`; null when it is not among them. @param startsAt when it begins, ISO 8601 */
export const hourPlace = (startsAt: string | undefined, count: number, atMs: number): number | null => {
  const place = (Date.parse(startsAt ?? "") - hourStart(0, count, atMs)) / HOUR_MS;
  return Number.isInteger(place) && place >= 0 && place < count ? place : null;
};

export const hourWords = (startMs: number): string =>
  m("map.hourRange", { from: clockTime(startMs), to: clockTime(startMs + HOUR_MS) });

export const HoursSlider = (props: {
  hours: number;
  hour: number | null;
  /** When central counted. */
  asOf: number;
  onChange: (hour: number | null) => void;
}) => {
  const words = (hour: number) => hourWords(hourStart(hour, props.hours, props.asOf));
  return (
    <div class="map-hour" role="group" aria-label={m("map.view")}>
      <button type="button" class="button" aria-pressed={props.hour === null} onClick={() => props.onChange(null)}>
        {m("map.heatOff")}
      </button>
      <button
        type="button"
        class="button"
        aria-pressed={props.hour !== null}
        onClick={() => props.onChange(props.hour ?? props.hours - 1)}
      >
        {m("map.heat")}
      </button>
      <Show when={props.hour !== null}>
        <input
          type="range"
          dir="ltr"
          min="0"
          max={props.hours - 1}
          value={props.hour ?? 0}
          aria-label={m("map.hour")}
          aria-valuetext={words(props.hour ?? 0)}
          onInput={(event) => props.onChange(Number(event.currentTarget.value))}
        />
        <output>{words(props.hour ?? 0)}</output>
      </Show>
    </div>
  );
};
