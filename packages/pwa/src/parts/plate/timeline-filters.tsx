/**
 * What of a plate's timeline is shown: look-alikes, camera, hour, days.
 * Rule: every choice is in the address; what is set can be taken away in one press.
 */
import type { PlateView } from "@chaverim/contracts";
import Check from "lucide-solid/icons/check";
import SlidersHorizontal from "lucide-solid/icons/sliders-horizontal";
import { For, type JSX, Show, createSignal } from "solid-js";
import { w } from "../../i18n/search.ts";
import { EVERYTHING, type PlateChange, type PlateState, hourOf } from "./plate-state.ts";

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
/** `14:00` */
export const hourLabel = (hour: number): string => `${String(hour % 24).padStart(2, "0")}:00`;

const Filter = (props: { label: string; children: JSX.Element }) => (
  <label class="timeline-filter">
    <span>{props.label}</span>
    {props.children}
  </label>
);

export const isFiltered = (state: PlateState): boolean =>
  [state.camera, state.hour, state.from, state.to].some((value) => value !== undefined);

const Choices = (props: {
  state: PlateState;
  cameras: PlateView["cameras"];
  onChange: (change: PlateChange) => void;
}) => {
  const chosen = () => props.cameras.filter(({ id }) => props.state.camera === undefined || id === props.state.camera);
  const sightingsAt = (hour: number): number => chosen().reduce((sum, camera) => sum + (camera.hours[hour] ?? 0), 0);
  const change = (name: keyof PlateChange) => (event: { currentTarget: HTMLInputElement | HTMLSelectElement }) =>
    props.onChange({ [name]: event.currentTarget.value || undefined });
  return (
    <>
      <Filter label={w("timeline.camera")}>
        <select onChange={change("camera")}>
          <option value="">{w("timeline.anyCamera")}</option>
          <For each={props.cameras}>
            {(camera) => (
              <option value={camera.id} selected={camera.id === props.state.camera}>
                {w("timeline.option", { what: camera.name, count: camera.sightings })}
              </option>
            )}
          </For>
        </select>
      </Filter>
      <Filter label={w("timeline.hour")}>
        <select onChange={change("hour")}>
          <option value="">{w("timeline.anyHour")}</option>
          <For each={HOURS.filter((hour) => sightingsAt(hour) > 0 || hour === hourOf(props.state))}>
            {(hour) => (
              <option value={hour} selected={hour === hourOf(props.state)}>
                {w("timeline.option", { what: hourLabel(hour), count: sightingsAt(hour) })}
              </option>
            )}
          </For>
        </select>
      </Filter>
      <Filter label={w("timeline.from")}>
        <input type="datetime-local" value={props.state.from ?? ""} onChange={change("from")} />
      </Filter>
      <Filter label={w("timeline.to")}>
        <input type="datetime-local" value={props.state.to ?? ""} onChange={change("to")} />
      </Filter>
    </>
  );
};

/** @param props.children stands before the filters */
export const TimelineFilters = (props: {
  state: PlateState;
  cameras: PlateView["cameras"];
  onChange: (change: PlateChange) => void;
  children: JSX.Element;
}) => {
  /** On the phone only whether anything is set is in sight until somebody wants more. */
  const [open, setOpen] = createSignal(false);
  const lookAlikes = () => props.state.looks !== undefined;
  return (
    <div class="timeline-filters" classList={{ folded: !open() }} role="group" aria-label={w("timeline.filters")}>
      {props.children}
      <button type="button" class="button only-phone" aria-expanded={open()} onClick={() => setOpen((shown) => !shown)}>
        <SlidersHorizontal aria-hidden="true" />
        {w("filters.button")}
      </button>
      <Show when={isFiltered(props.state)}>
        <button type="button" class="button quiet-button" onClick={() => props.onChange(EVERYTHING)}>
          {w("timeline.clear")}
        </button>
      </Show>
      <div class="timeline-choices">
        <button
          type="button"
          class="toggle"
          aria-pressed={lookAlikes()}
          onClick={() => props.onChange({ looks: lookAlikes() ? undefined : "1" })}
        >
          <Show when={lookAlikes()}>
            <Check aria-hidden="true" />
          </Show>
          {w("timeline.lookAlikes")}
        </button>
        <Choices state={props.state} cameras={props.cameras} onChange={props.onChange} />
      </div>
    </div>
  );
};
