/**
 * What this device holds of a plate, while central is away.
 * Rule: dated, the look is written down here, and central can be asked again.
 */
import SearchX from "lucide-solid/icons/search-x";
import { For, Show, createEffect, on } from "solid-js";
import { w } from "../../i18n/search.ts";
import { t } from "../../i18n/words.ts";
import { local, lookedOffline } from "../../session.ts";
import { Sighting } from "../search/sighting.tsx";
import { Notice, asOfLabel } from "../states.tsx";

export const KeptSightings = (props: { plate: string; onRetry: () => void }) => {
  const kept = () =>
    local().detections.list.filter(
      ({ plate, corrected }) => plate.normalized === props.plate || corrected?.plate === props.plate,
    );
  createEffect(
    on(
      () => props.plate,
      (plate) => lookedOffline("detections.recent", plate),
    ),
  );
  return (
    <>
      <p class="stale-line" role="status">
        {w("plate.kept", { time: asOfLabel() })}
      </p>
      <Show
        when={kept().length > 0}
        fallback={
          <Notice icon={<SearchX aria-hidden="true" />} title={w("plate.keptNone")} text={w("plate.keptNoneNext")} />
        }
      >
        <ul class="sightings">
          <For each={kept()}>
            {(detection) => (
              <li>
                <Sighting detection={detection} withDay />
              </li>
            )}
          </For>
        </ul>
      </Show>
      <div class="list-end">
        <button type="button" class="button" onClick={() => props.onRetry()}>
          {t("app.tryAgain")}
        </button>
      </div>
    </>
  );
};
