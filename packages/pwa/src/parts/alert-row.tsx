/**
 * One alert in a list: priority, plate, age, time; list and place; state; crop at the end.
 * Rule: the whole row is one link, named by what it shows, and a new alert carries an edge in its priority's colour.
 */
import type { AlertView } from "@chaverim/contracts";
import { A } from "@solidjs/router";
import { Show } from "solid-js";
import { ageLabel, momentLabel } from "../clock.ts";
import { AlertState } from "./alert-state.tsx";
import { Crop } from "./crop.tsx";
import { PlateChip } from "./plate-chip.tsx";
import { PriorityMark } from "./priority-mark.tsx";

export const AlertRow = (props: { alert: AlertView; selected?: boolean }) => (
  <li
    class="alert-row"
    classList={{
      new: props.alert.state === "new" && !props.alert.late,
      [`q${props.alert.priority}`]: true,
      selected: props.selected ?? false,
    }}
  >
    <A href={`/alerts/${props.alert.id}`} aria-current={props.selected ? "true" : undefined}>
      <PriorityMark priority={props.alert.priority} done={props.alert.state === "resolved"} />
      <div class="alert-row-body">
        <div class="alert-row-head">
          <PlateChip text={props.alert.entry.plate} side="listed" differences={props.alert.match.differences} />
          <span class="when">
            <span class="age">{ageLabel(props.alert.detection.detectedAt)}</span>
            <bdi class="at">{momentLabel(props.alert.detection.detectedAt)}</bdi>
          </span>
        </div>
        <div class="alert-row-rest">
          <div class="alert-row-lines">
            <div class="line">
              <bdi>{props.alert.watchlist.name}</bdi> · <bdi>{props.alert.detection.camera.name}</bdi>
            </div>
            <AlertState alert={props.alert} />
          </div>
          <Show when={props.alert.detection.images.crop !== null}>
            <Crop detection={props.alert.detection} decorative />
          </Show>
        </div>
      </div>
    </A>
  </li>
);
