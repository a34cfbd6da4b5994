/**
 * A plate at a glance: who watches it, how often and when it was seen, and what can be done with it.
 * Rule: every number opens its rows.
 */
import type { PlateView } from "@chaverim/contracts";
import { A } from "@solidjs/router";
import Bell from "lucide-solid/icons/bell";
import Download from "lucide-solid/icons/download";
import Eye from "lucide-solid/icons/eye";
import MapIcon from "lucide-solid/icons/map";
import { For, Show } from "solid-js";
import { dateLabel, momentLabel } from "../../clock.ts";
import { w } from "../../i18n/search.ts";
import { mayI } from "../../session.ts";
import { logAddress, mapAddress } from "../addresses.ts";
import { PlateChip } from "../plate-chip.tsx";
import { PriorityMark } from "../priority-mark.tsx";
import { vehicleLabel } from "../vehicle.ts";
import { writtenAs } from "../written-as.ts";
import type { PlateState } from "./plate-state.ts";

/** Lists named in the head; the rest are counted. */
const LISTS_NAMED = 2;

const Watched = (props: { entries: PlateView["entries"] }) => (
  <Show when={props.entries.length > 0} fallback={<p class="quiet">{w("plate.notWatched")}</p>}>
    <ul class="plate-lists">
      <For each={props.entries.slice(0, LISTS_NAMED)}>
        {(entry) => (
          <li>
            <PriorityMark priority={entry.priority} />
            <A class="clip" href="/lists">
              <bdi>{entry.list}</bdi>
            </A>
            <span class="quiet clip">
              <bdi>{entry.reason}</bdi> · {w("plate.watchedUntil", { time: dateLabel(entry.expiresAt) })}
            </span>
          </li>
        )}
      </For>
    </ul>
    <Show when={props.entries.length > LISTS_NAMED}>
      <p class="quiet">{w("plate.moreLists", { count: props.entries.length - LISTS_NAMED })}</p>
    </Show>
  </Show>
);

const Facts = (props: { view: PlateView; onEverything: () => void }) => (
  <dl class="plate-facts">
    <div>
      <dt>{w("search.sightings")}</dt>
      <dd>
        <button
          type="button"
          class="fact-button"
          aria-label={w("plate.openSightings", { count: props.view.sightings })}
          onClick={() => props.onEverything()}
        >
          {props.view.sightings}
        </button>
      </dd>
    </div>
    <Show when={props.view.firstSeen}>
      {(firstSeen) => (
        <div>
          <dt>{w("plate.firstSeen")}</dt>
          <dd>
            <bdi>{momentLabel(firstSeen())}</bdi>
          </dd>
        </div>
      )}
    </Show>
    <Show when={props.view.lastSeen}>
      {(lastSeen) => (
        <div>
          <dt>{w("search.lastSeen")}</dt>
          <dd>
            <bdi>{momentLabel(lastSeen(), true)}</bdi>
          </dd>
        </div>
      )}
    </Show>
    <Show when={props.view.latest && vehicleLabel(props.view.latest)}>
      {(vehicle) => (
        <div>
          <dt>{w("search.vehicle")}</dt>
          <dd class="clip">
            <bdi>{vehicle()}</bdi>
          </dd>
        </div>
      )}
    </Show>
  </dl>
);

export const PlateHead = (props: {
  plate: string;
  view: PlateView | undefined;
  onWatch: () => void;
  onExport: () => void;
  onEverything: () => void;
  state: PlateState;
}) => (
  <section class="plate-head" aria-label={w("plate.glance")}>
    <div class="plate-who">
      <PlateChip text={writtenAs(props.plate, props.view?.latest ?? null)} lit size="large" />
      <Show when={props.view}>{(view) => <Watched entries={view().entries} />}</Show>
    </div>
    <Show when={props.view}>{(view) => <Facts view={view()} onEverything={props.onEverything} />}</Show>
    <div class="plate-acts">
      <Show when={mayI("write_watchlists")}>
        <button type="button" class="button" onClick={() => props.onWatch()}>
          <Bell aria-hidden="true" />
          {w("watch.button")}
        </button>
      </Show>
      <A class="button" href={mapAddress(props.plate, { from: props.state.from, to: props.state.to })}>
        <MapIcon aria-hidden="true" />
        {w("plate.route")}
      </A>
      <button type="button" class="button" onClick={() => props.onExport()}>
        <Download aria-hidden="true" />
        {w("file.button")}
      </button>
      <Show when={mayI("read_log")}>
        <A class="button" href={logAddress({ plate: props.plate })}>
          <Eye aria-hidden="true" />
          {w("plate.whoLooked")}
        </A>
      </Show>
    </div>
  </section>
);
