/**
 * How the typed text was understood, before anything is asked.
 * Rule: what was dropped or cannot be looked up is said, never silently changed.
 */
import { hasWildcards, normalizePlate } from "@chaverim/contracts";
import SearchIcon from "lucide-solid/icons/search";
import SearchX from "lucide-solid/icons/search-x";
import { Match, Show, Switch } from "solid-js";
import { w } from "../../i18n/search.ts";
import { PlateChip } from "../plate-chip.tsx";
import { Notice } from "../states.tsx";
import type { Asked, Query } from "./question.ts";

/** What was dropped from the typed text, each kind once; wildcards are not, and that plates are written in groups says nothing. */
const ignoredIn = (typed: string): string =>
  [
    ...new Set(
      [...typed].filter(
        (character) => normalizePlate(character) === "" && !hasWildcards(character) && !/[\s\-–·•./]/.test(character),
      ),
    ),
  ].join(" ");

export const Understood = (props: { query: Query; typed: string }) => (
  <p class="understood">
    <span class="quiet">{w("search.understood")}</span>
    <Switch>
      <Match when={props.query.kind === "pattern" && props.query}>
        {(query) => (
          <>
            <PlateChip text={query().pattern} size="small" />
            <span class="why">{w("search.pattern")}</span>
          </>
        )}
      </Match>
      <Match when={props.query.kind === "plate" && props.query}>
        {(query) => (
          <>
            <PlateChip text={query().plate} size="small" />
            <span class="why">{w("search.characters", { count: query().plate.length })}</span>
          </>
        )}
      </Match>
    </Switch>
    <Show when={ignoredIn(props.typed)}>
      {(what) => <span class="why">{w("search.ignored", { what: what() })}</span>}
    </Show>
  </p>
);

export const Refused = (props: { why: Extract<Asked, { kind: "refused" }>["why"] }) => (
  <Notice
    icon={
      <Show when={props.why === "foreign"} fallback={<SearchIcon aria-hidden="true" />}>
        <SearchX aria-hidden="true" />
      </Show>
    }
    title={w(`search.refused.${props.why}`)}
    text={w(`search.refusedNext.${props.why}`)}
  />
);
