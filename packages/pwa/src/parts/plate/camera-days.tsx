/**
 * A plate's timeline by camera: how often on which day.
 * Rule: every number opens its rows; a day of which not every row is loaded is not counted.
 */
import { For, Show } from "solid-js";
import { dayLabel } from "../../clock.ts";
import { w } from "../../i18n/search.ts";
import { type PlateChange, dayAtCamera } from "./plate-state.ts";
import type { CameraDays } from "./timeline-rows.ts";

export const CameraDaysTable = (props: { days: CameraDays; onChange: (change: PlateChange) => void }) => (
  <div class="camera-days" role="region" aria-label={w("timeline.byCamera")} tabindex="0">
    <table>
      <thead>
        <tr>
          <th scope="col">{w("timeline.camera")}</th>
          <For each={props.days.days}>
            {(day) => (
              <th scope="col" class="number">
                {dayLabel(day)}
              </th>
            )}
          </For>
        </tr>
      </thead>
      <tbody>
        <For each={props.days.cameras}>
          {(camera) => (
            <tr>
              <th scope="row">
                <bdi class="clip">{camera.name}</bdi>
              </th>
              <For each={camera.counts}>
                {(count, column) => {
                  const day = () => props.days.days[column()] ?? 0;
                  return (
                    <td>
                      <Show when={count > 0} fallback={<span class="quiet">–</span>}>
                        <button
                          type="button"
                          class="count-button"
                          aria-label={w("timeline.openDay", { count, camera: camera.name, day: dayLabel(day()) })}
                          onClick={() => props.onChange(dayAtCamera(camera.id, day()))}
                        >
                          {count}
                        </button>
                      </Show>
                    </td>
                  );
                }}
              </For>
            </tr>
          )}
        </For>
      </tbody>
    </table>
  </div>
);
