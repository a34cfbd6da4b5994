/**
 * The one box of the search.
 * Rule: what is typed stays as it was typed until it is sent.
 */
import SearchIcon from "lucide-solid/icons/search";
import X from "lucide-solid/icons/x";
import { Show, createEffect, on } from "solid-js";
import { w } from "../../i18n/search.ts";
import { t } from "../../i18n/words.ts";

/** @param props.typed what the address says */
export const SearchBox = (props: { typed: string; onSubmit: (text: string) => void; onClear: () => void }) => {
  let box: HTMLInputElement | undefined;
  createEffect(
    on(
      () => props.typed,
      (text) => {
        if (box !== undefined && box.value.trim() !== text) box.value = text;
      },
    ),
  );
  return (
    <form
      class="search-box"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        props.onSubmit(box?.value.trim() ?? "");
      }}
    >
      <SearchIcon aria-hidden="true" />
      <input
        ref={(input) => (box = input)}
        data-search
        type="text"
        value={props.typed}
        aria-label={w("search.label")}
        placeholder={w("search.boxHint")}
        maxlength="500"
        autocomplete="off"
        autocapitalize="characters"
        spellcheck={false}
        enterkeyhint="search"
        dir="ltr"
        autofocus={props.typed === ""}
      />
      <Show when={props.typed !== ""}>
        <button type="button" class="target" aria-label={w("search.clear")} onClick={() => props.onClear()}>
          <X aria-hidden="true" />
        </button>
      </Show>
      <button type="submit" class="button primary">
        {t("search.title")}
      </button>
    </form>
  );
};
