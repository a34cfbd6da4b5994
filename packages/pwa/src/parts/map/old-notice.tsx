/**
 * How old what is known of the cameras is, once it cannot be asked again.
 * Rule: an old state is told with its time, never as if it were now.
 */
import { Show } from "solid-js";
import { momentLabel } from "../../clock.ts";
import { m } from "../../i18n/map.ts";
import { t } from "../../i18n/words.ts";
import { link } from "../../local/sync.ts";
import { troubleText } from "../../trpc.ts";
import type { MapData } from "./map-data.ts";

export const OldNotice = (props: { data: MapData }) => (
  <Show when={props.data.oldSince()}>
    {(asOf) => (
      <p class="map-old" role="status">
        <Show
          when={link().kind !== "offline" && props.data.trouble()}
          fallback={m("map.keptAsOf", { time: momentLabel(asOf()) })}
        >
          {(trouble) => (
            <>
              {m("map.oldAsOf", { time: momentLabel(asOf()), why: troubleText(trouble()) })}{" "}
              <button type="button" class="button quiet-button" onClick={() => props.data.refresh()}>
                {t("app.tryAgain")}
              </button>
            </>
          )}
        </Show>
      </p>
    )}
  </Show>
);
