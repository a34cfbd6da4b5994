/**
 * Why a search result is there: exact, fitting the pattern, or which characters were taken for each other.
 * Rule: shape, colour and word say the same: a tick fits, an eye is a look-alike, and plain is any other mistake.
 */
import { type PlateMatch, kindOfDifference } from "@chaverim/contracts";
import Check from "lucide-solid/icons/check";
import Eye from "lucide-solid/icons/eye";
import { For, Show } from "solid-js";
import { t } from "../i18n/words.ts";
import { differenceWords } from "./match-words.ts";

/** @param props.pattern what was searched for, when it was a pattern */
export const WhyChips = (props: { match: PlateMatch; pattern?: string | undefined }) => (
  <span class="whys">
    <Show
      when={props.match.differences.length > 0}
      fallback={
        <span class="why why-exact">
          <Check aria-hidden="true" />
          {props.match.kind === "pattern" && props.pattern !== undefined
            ? t("match.fits", { pattern: props.pattern })
            : t(props.match.kind === "pattern" ? "match.pattern" : "match.exact")}
        </span>
      }
    >
      <For each={props.match.differences}>
        {(difference) => (
          <span class="why" classList={{ "why-look": kindOfDifference(difference) === "look-alike" }}>
            <Show when={kindOfDifference(difference) === "look-alike"}>
              <Eye aria-hidden="true" />
            </Show>
            {differenceWords(difference)}
          </span>
        )}
      </For>
    </Show>
  </span>
);
