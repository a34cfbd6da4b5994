/**
 * The line to central in one pill: shape, word, time.
 * Rule: judged from answers; only a change of kind is spoken, not every new number.
 */
import WifiOff from "lucide-solid/icons/wifi-off";
import { Match, Switch } from "solid-js";
import { momentLabel } from "../clock.ts";
import { t } from "../i18n/words.ts";
import { type Link, link } from "../local/sync.ts";

/** Seconds with one digit, never less than 0.1: nothing is instant. */
const seconds = (delayMs: number): string => Math.max(0.1, delayMs / 1000).toFixed(1);

const words = (state: Link): string => {
  switch (state.kind) {
    case "live":
      return t("link.liveDelay", { delay: seconds(state.delayMs) });
    case "slow":
      return t("link.slow", { delay: seconds(state.delayMs) });
    case "offline":
      return state.asOf === null ? t("link.offline") : t("link.offlineSince", { time: momentLabel(state.asOf) });
    case "starting":
    case "signed_out":
      return t("link.starting");
  }
};

const spoken = (state: Link): string => {
  if (state.kind === "live") return t("link.live");
  return state.kind === "slow" ? "" : words(state);
};

export const StatusPill = () => (
  <span class="status">
    <span
      class="pill"
      aria-hidden="true"
      classList={{
        "pill-ok": link().kind === "live",
        "pill-warn": link().kind === "slow" || link().kind === "offline",
      }}
    >
      <Switch fallback={<i class="dot hollow" />}>
        <Match when={link().kind === "live"}>
          <i class="dot" />
        </Match>
        <Match when={link().kind === "slow"}>
          <i class="dot diamond" />
        </Match>
        <Match when={link().kind === "offline"}>
          <WifiOff />
        </Match>
      </Switch>
      {words(link())}
    </span>
    <span class="unseen" role="status">
      {spoken(link())}
    </span>
  </span>
);
