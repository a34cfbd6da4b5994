/**
 * How far from what was typed a plate may be.
 * Rule: calm: the usual way is chosen already, and a pattern, which says it itself, offers no choice.
 */
import { SEARCH_WAYS, type SearchWay } from "@chaverim/contracts";
import { For, Show } from "solid-js";
import { w } from "../../i18n/search.ts";
import { isWide } from "../width.ts";

export const Ways = (props: { way: SearchWay; onChange: (way: SearchWay) => void }) => (
  <Show
    when={isWide()}
    fallback={
      <label class="way-choice">
        <span class="unseen">{w("search.way")}</span>
        <select
          onChange={({ currentTarget }) => {
            const chosen = SEARCH_WAYS.find((way) => way === currentTarget.value);
            if (chosen !== undefined) props.onChange(chosen);
          }}
        >
          <For each={SEARCH_WAYS}>
            {(way) => (
              <option value={way} selected={way === props.way}>
                {w(`search.way.${way}`)}
              </option>
            )}
          </For>
        </select>
      </label>
    }
  >
    <fieldset class="ways">
      <legend class="unseen">{w("search.way")}</legend>
      <For each={SEARCH_WAYS}>
        {(way) => (
          <label class="way" title={w(`search.wayHint.${way}`)}>
            <input
              type="radio"
              name="way"
              value={way}
              checked={way === props.way}
              onChange={() => props.onChange(way)}
            />
            <span>{w(`search.way.${way}`)}</span>
          </label>
        )}
      </For>
    </fieldset>
  </Show>
);
