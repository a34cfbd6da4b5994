/**
 * Why a search result is there: exact, or the look-alikes that were taken for each other.
 * Rule: shape, colour and word say the same.
 */
import type { PlateMatch } from "@chaverim/contracts";
import Check from "lucide-solid/icons/check";
import Eye from "lucide-solid/icons/eye";
import { For, Show } from "solid-js";
import { t } from "../i18n/words.ts";

export const WhyChips = (props: { match: PlateMatch }) => (
  <span class="whys">
    <Show
      when={props.match.kind === "look-alike"}
      fallback={
        <span class="why why-exact">
          <Check aria-hidden="true" />
          {t("match.exact")}
        </span>
      }
    >
      <For each={props.match.differences}>
        {(difference) => (
          <span class="why why-look">
            <Eye aria-hidden="true" />
            {t("match.lookAlike", difference)}
          </span>
        )}
      </For>
    </Show>
  </span>
);
