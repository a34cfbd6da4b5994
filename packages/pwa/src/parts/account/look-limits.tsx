/**
 * How far a volunteer's search reaches, and how much of today's is left.
 * Rule: said before the first search, not after the last.
 */
import { Show } from "solid-js";
import { w } from "../../i18n/account.ts";
import { local, user } from "../../session.ts";

export const LookLimits = () => (
  <Show when={user()?.role === "viewer"}>
    <p class="search-limits">
      <span>{user()?.area ? w("search.reachArea", { area: user()?.area ?? "" }) : w("search.reach")}</span>
      <Show when={typeof local().facts().looksLeft === "number"}>
        <strong>{w("search.left", { count: local().facts().looksLeft ?? 0 })}</strong>
      </Show>
    </p>
  </Show>
);
