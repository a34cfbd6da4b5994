/**
 * The two halves of watching over use: what was looked at, and what calls for a question.
 * Rule: plain links, so that each half has its address.
 */
import { w } from "../../i18n/office.ts";

export const LogTabs = (props: { here: "looks" | "reviews" }) => (
  <nav class="segments" aria-label={w("log.tabs")}>
    <a href="/access-log" aria-current={props.here === "looks" ? "true" : undefined}>
      {w("log.looks")}
    </a>
    <a href="/reviews" aria-current={props.here === "reviews" ? "true" : undefined}>
      {w("log.reviews")}
    </a>
  </nav>
);
