/**
 * Which other plates passed the same cameras at the same time, and the way to put one beside this one.
 * Rule: says how near and how often that is; each meeting can be opened.
 */
import { type Companion, MEETING_CAMERAS, MEETING_SECONDS, normalizePlate } from "@chaverim/contracts";
import { A } from "@solidjs/router";
import ChevronDown from "lucide-solid/icons/chevron-down";
import { For, Match, Show, Switch, createSignal, createUniqueId } from "solid-js";
import { momentLabel } from "../../clock.ts";
import { w } from "../../i18n/search.ts";
import { plateAddress } from "../addresses.ts";
import { field } from "../form.ts";
import type { Online } from "../online.ts";
import { PlateChip } from "../plate-chip.tsx";
import { Shapes, TroubleNotice } from "../states.tsx";
import { type PlateChange, momentAtCamera } from "./plate-state.ts";

/** A time as a small count: whole seconds are what readings are good for. */
const secondsOf = (seconds: number): number => Math.round(seconds);

const Meetings = (props: { companion: Companion; onChange: (change: PlateChange) => void }) => (
  <ul class="meetings">
    <For each={props.companion.examples}>
      {(example) => (
        <li>
          <button
            type="button"
            class="meeting"
            onClick={() => props.onChange(momentAtCamera(example.cameraId, example.at))}
          >
            <bdi class="at">{momentLabel(example.at, true)}</bdi>
            <bdi class="clip">{example.cameraName}</bdi>
            <span class="quiet">{w("together.apart", { count: secondsOf(example.secondsApart) })}</span>
          </button>
        </li>
      )}
    </For>
  </ul>
);

const CompanionRow = (props: { companion: Companion; onChange: (change: PlateChange) => void }) => {
  const [open, setOpen] = createSignal(false);
  const id = createUniqueId();
  return (
    <li class="companion">
      <div class="companion-line">
        <A href={plateAddress(props.companion.plate)}>
          <PlateChip text={props.companion.plate} />
        </A>
        <button
          type="button"
          class="companion-open"
          classList={{ open: open() }}
          aria-expanded={open()}
          aria-controls={id}
          onClick={() => setOpen((shown) => !shown)}
        >
          <span>
            {w("together.counts", { cameras: props.companion.cameras, meetings: props.companion.meetings })}
            <span class="quiet">{w("together.last", { time: momentLabel(props.companion.lastMetAt) })}</span>
          </span>
          <ChevronDown class="chevron" aria-hidden="true" />
        </button>
      </div>
      <div id={id}>
        <Show when={open()}>
          <Meetings companion={props.companion} onChange={props.onChange} />
          <button
            type="button"
            class="button"
            onClick={() => props.onChange({ with: props.companion.plate, part: undefined, hour: undefined })}
          >
            {w("compare.with", { plate: props.companion.plate })}
          </button>
        </Show>
      </div>
    </li>
  );
};

const ComparePicker = (props: { onPick: (plate: string) => void }) => (
  <form
    class="compare-pick"
    onSubmit={(event) => {
      event.preventDefault();
      const plate = normalizePlate(field(event.currentTarget, "plate"));
      if (plate !== "") props.onPick(plate);
    }}
  >
    <input
      name="plate"
      class="plate-input"
      aria-label={w("compare.pick")}
      placeholder={w("compare.pick")}
      maxlength="64"
      autocomplete="off"
      autocapitalize="characters"
      spellcheck={false}
      dir="ltr"
    />
    <button type="submit" class="button">
      {w("compare.button")}
    </button>
  </form>
);

export const SeenWith = (props: {
  found: Online<{ companions: Companion[] }>;
  /** Only part of the time is asked for. */
  isLimited: boolean;
  onChange: (change: PlateChange) => void;
}) => (
  <section class="plate-block" aria-labelledby="together-title">
    <h2 id="together-title">{w("together.title")}</h2>
    <p class="quiet">
      {w("together.lead", { seconds: MEETING_SECONDS, cameras: MEETING_CAMERAS })}
      <Show when={props.isLimited}> {w("together.limited")}</Show>
    </p>
    <Switch>
      <Match when={props.found.trouble()}>
        {(trouble) => <TroubleNotice title={w("together.failed")} trouble={trouble()} onRetry={props.found.refresh} />}
      </Match>
      <Match when={props.found.answer() === undefined}>
        <Shapes rows={3} />
      </Match>
      <Match when={props.found.answer()?.companions.length === 0}>
        <p>{w("together.none")}</p>
      </Match>
      <Match when={props.found.answer()}>
        {(answer) => (
          <ul class="companions">
            <For each={answer().companions}>
              {(companion) => <CompanionRow companion={companion} onChange={props.onChange} />}
            </For>
          </ul>
        )}
      </Match>
    </Switch>
    <ComparePicker onPick={(plate) => props.onChange({ with: plate, part: undefined, hour: undefined })} />
  </section>
);
