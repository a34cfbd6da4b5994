/**
 * Collectors, and what they sent that is no fact: the two halves, for whoever manages them.
 * Rule: plain links, so that each half has its address; the number is of what waits for a decision.
 */
import type { CollectorView } from "@chaverim/contracts";
import { Show } from "solid-js";
import { w } from "../../i18n/office.ts";

/** Central counts no further. */
const COUNTED_MAX = 1000;

/** What waits in quarantine at all collectors; 0 also while it is not known. */
export const countQuarantined = (collectors: readonly CollectorView[] | undefined): number =>
  (collectors ?? []).reduce((sum, { quarantined }) => sum + (quarantined ?? 0), 0);

export const quarantineCountLabel = (count: number): string => (count >= COUNTED_MAX ? `${COUNTED_MAX}+` : `${count}`);

export const CollectorTabs = (props: { here: "collectors" | "quarantine"; waiting: number }) => (
  <nav class="segments" aria-label={w("site.tabs")}>
    <a href="/collectors" aria-current={props.here === "collectors" ? "true" : undefined}>
      {w("collectors.title")}
    </a>
    <a href="/quarantine" aria-current={props.here === "quarantine" ? "true" : undefined}>
      {w("quarantine.title")}
      <Show when={props.waiting > 0}>
        <span class="count">{quarantineCountLabel(props.waiting)}</span>
      </Show>
    </a>
  </nav>
);
