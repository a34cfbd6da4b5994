/**
 * What else has to hold: cameras, area, time, listed, confidence, direction, vehicle.
 * Rule: one press away, and whatever is set stands in sight as a chip that takes it away again; what is set stays set unless
 * somebody takes it away.
 */
import SlidersHorizontal from "lucide-solid/icons/sliders-horizontal";
import X from "lucide-solid/icons/x";
import { For, Index, type JSX, Show, createSignal } from "solid-js";
import { momentLabel } from "../../clock.ts";
import { w } from "../../i18n/search.ts";
import { t } from "../../i18n/words.ts";
import { field } from "../form.ts";
import { percentLabel } from "../match-words.ts";
import { Sheet } from "../sheet.tsx";
import { directionLabel } from "../vehicle.ts";
import { type Cameras, createCameras } from "./cameras.ts";
import { FILTER_NAMES, type SearchChange, type SearchState, cameraIdsOf, filtersOf, momentOf } from "./question.ts";

/** Cameras say it in these words; others are kept when the address has them. */
const DIRECTIONS = ["forward", "reverse"];
/** In per cent: more than guessed, usual, nearly certain. */
const SURENESS = ["60", "80", "90"];

type Chip = { name: keyof SearchState; label: string; without: SearchChange };

/** What is set, in words; each knows what the address is without it. */
export const chipsOf = (state: SearchState, cameras: Cameras): Chip[] => {
  const filters = filtersOf(state);
  const chip = (name: keyof SearchState, label: string): Chip => ({ name, label, without: { [name]: undefined } });
  const ids = cameraIdsOf(state);
  return [
    ...ids.map((id): Chip => {
      const others = ids.filter((other) => other !== id).join(",");
      return { name: "cameras", label: cameras.nameOf(id), without: { cameras: others || undefined } };
    }),
    ...(filters.area === undefined ? [] : [chip("area", filters.area)]),
    ...(filters.from === undefined ? [] : [chip("from", w("filters.fromTime", { time: momentLabel(filters.from) }))]),
    ...(filters.to === undefined ? [] : [chip("to", w("filters.toTime", { time: momentLabel(filters.to) }))]),
    ...(filters.listed === undefined
      ? []
      : [chip("listed", w(filters.listed ? "filters.listed" : "filters.notListed"))]),
    ...(filters.minConfidence === undefined
      ? []
      : [chip("sure", w("filters.atLeast", { percent: percentLabel(filters.minConfidence) }))]),
    ...(filters.direction === undefined ? [] : [chip("direction", directionLabel(filters.direction))]),
    ...(filters.vehicle === undefined ? [] : [chip("vehicle", filters.vehicle)]),
    ...(state.unread === undefined ? [] : [chip("unread", w("filters.unread"))]),
  ];
};

/** @param props.value stands among the options, whatever they are */
const Choice = (props: {
  name: string;
  label: string;
  value: string | undefined;
  options: readonly string[];
  labelOf: (option: string) => string;
}) => (
  <label class="field">
    <span>{props.label}</span>
    <select name={props.name}>
      <option value="">{w("filters.any")}</option>
      <For each={[...new Set([...props.options, ...(props.value ? [props.value] : [])])]}>
        {(option) => (
          <option value={option} selected={option === props.value}>
            {props.labelOf(option)}
          </option>
        )}
      </For>
    </select>
  </label>
);

const Tick = (props: { name: string; value: string; checked: boolean; children: JSX.Element }) => (
  <label class="check">
    <input type="checkbox" name={props.name} value={props.value} checked={props.checked} />
    <span>{props.children}</span>
  </label>
);

const CameraTicks = (props: { cameras: Cameras; chosen: readonly string[] }) => (
  <Show when={props.cameras.list().length > 0}>
    <fieldset class="field">
      <legend>{w("filters.cameras")}</legend>
      <div class="checks">
        <For each={props.cameras.list()}>
          {(camera) => (
            <Tick name="cameras" value={camera.id} checked={props.chosen.includes(camera.id)}>
              <bdi>{camera.name}</bdi>
              <Show when={camera.area}>{(area) => <bdi class="quiet">{area()}</bdi>}</Show>
            </Tick>
          )}
        </For>
        <For each={props.chosen.filter((id) => props.cameras.list().every((camera) => camera.id !== id))}>
          {(id) => (
            <Tick name="cameras" value={id} checked>
              <bdi>{props.cameras.nameOf(id)}</bdi>
            </Tick>
          )}
        </For>
      </div>
    </fieldset>
  </Show>
);

/** The address with what the form says: what is left empty is taken away, and what the form has no field for stays. */
const readForm = (form: HTMLFormElement): SearchChange => {
  const ticked = new FormData(form).getAll("cameras");
  const cameras = ticked.filter((id) => typeof id === "string").join(",");
  const texts = FILTER_NAMES.filter((name) => form.elements.namedItem(name) !== null).map(
    (name) => [name, (name === "cameras" ? cameras : field(form, name)) || undefined] as const,
  );
  return Object.fromEntries(texts);
};

/** What is written in a field of time for what the address says. */
const timeField = (at: string | undefined): string => (at === undefined ? "" : momentOf(at));

const FilterForm = (props: {
  state: SearchState;
  cameras: Cameras;
  onDone: (change: SearchChange) => void;
  onClose: () => void;
}) => {
  const set = () => filtersOf(props.state);
  return (
    <form
      class="form"
      novalidate
      onSubmit={(event) => {
        event.preventDefault();
        props.onDone(readForm(event.currentTarget));
      }}
    >
      <div class="field-pair times">
        <label class="field">
          <span>{w("filters.from")}</span>
          <input type="datetime-local" name="from" value={timeField(set().from)} />
        </label>
        <label class="field">
          <span>{w("filters.to")}</span>
          <input type="datetime-local" name="to" value={timeField(set().to)} />
        </label>
      </div>
      <label class="field">
        <span>{w("filters.vehicle")}</span>
        <input
          name="vehicle"
          value={props.state.vehicle ?? ""}
          placeholder={w("filters.vehicleHint")}
          maxlength="80"
          dir="auto"
        />
      </label>
      <div class="field-pair">
        <Choice
          name="area"
          label={w("filters.area")}
          value={props.state.area}
          options={props.cameras.areas()}
          labelOf={(area) => area}
        />
        <Choice
          name="direction"
          label={w("filters.direction")}
          value={props.state.direction}
          options={DIRECTIONS}
          labelOf={directionLabel}
        />
        <Choice
          name="listed"
          label={w("filters.watched")}
          value={set().listed === undefined ? undefined : props.state.listed}
          options={["yes", "no"]}
          labelOf={(listed) => w(listed === "yes" ? "filters.listed" : "filters.notListed")}
        />
        <Choice
          name="sure"
          label={w("filters.sure")}
          value={set().minConfidence === undefined ? undefined : props.state.sure}
          options={SURENESS}
          labelOf={(percent) => w("filters.atLeast", { percent: percentLabel(Number(percent) / 100) })}
        />
      </div>
      <CameraTicks cameras={props.cameras} chosen={cameraIdsOf(props.state)} />
      <Show when={(props.state.q ?? "") === ""}>
        <Tick name="unread" value="1" checked={props.state.unread !== undefined}>
          {w("filters.unread")}
        </Tick>
      </Show>
      <div class="sheet-buttons">
        <button type="button" class="button big outlined" onClick={() => props.onClose()}>
          {t("app.cancel")}
        </button>
        <button type="submit" class="button big primary">
          {w("filters.apply")}
        </button>
      </div>
    </form>
  );
};

export const Filters = (props: { state: SearchState; onChange: (change: SearchChange) => void }) => {
  const [open, setOpen] = createSignal(false);
  const cameras = createCameras(() => open() || props.state.cameras !== undefined);
  const chips = () => chipsOf(props.state, cameras);
  return (
    <>
      <button type="button" class="button filter-button" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        <SlidersHorizontal aria-hidden="true" />
        {w("filters.button")}
      </button>
      <Show when={chips().length > 0}>
        <ul class="chips" aria-label={w("filters.set")}>
          {/* By place: the chip that follows a removed one takes its button over, and the focus with it. */}
          <Index each={chips()}>
            {(chip) => (
              <li>
                <button
                  type="button"
                  class="chip"
                  aria-label={w("filters.without", { filter: chip().label })}
                  onClick={() => props.onChange(chip().without)}
                >
                  <bdi class="clip">{chip().label}</bdi>
                  <X aria-hidden="true" />
                </button>
              </li>
            )}
          </Index>
        </ul>
      </Show>
      <Sheet open={open()} onClose={() => setOpen(false)} title={w("filters.title")}>
        <FilterForm
          state={props.state}
          cameras={cameras}
          onClose={() => setOpen(false)}
          onDone={(change) => {
            setOpen(false);
            props.onChange(change);
          }}
        />
      </Sheet>
    </>
  );
};
