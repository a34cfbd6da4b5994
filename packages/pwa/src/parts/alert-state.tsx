/**
 * Where an alert stands, as one line: icon, word, who and when.
 * Rule: every state has its own shape, so that it can be told without colour.
 */
import type { AlertOutcome, AlertView } from "@chaverim/contracts";
import Check from "lucide-solid/icons/check";
import Clock from "lucide-solid/icons/clock";
import Eye from "lucide-solid/icons/eye";
import Minus from "lucide-solid/icons/minus";
import Send from "lucide-solid/icons/send";
import X from "lucide-solid/icons/x";
import { Match, Switch } from "solid-js";
import { Dynamic } from "solid-js/web";
import { momentLabel } from "../clock.ts";
import { t } from "../i18n/words.ts";
import { readAs } from "./match-words.ts";

const OUTCOME_ICONS = { confirmed: Check, not_a_match: X, lost: Minus, handed_over: Send } as const satisfies Record<
  AlertOutcome,
  unknown
>;

/** The words of the state: who has it, or why it is here. */
const stateWords = (alert: AlertView): string => {
  if (alert.resolved !== null) {
    return t("alert.doneBy", {
      outcome: t(`outcome.${alert.resolved.outcome}`),
      name: alert.resolved.by,
      time: momentLabel(alert.resolved.at),
    });
  }
  if (alert.acknowledged !== null) {
    return t("state.acknowledgedBy", { name: alert.acknowledged.by, time: momentLabel(alert.acknowledged.at) });
  }
  const why = readAs(alert.match);
  if (alert.late) return t("state.lateSeen", { time: momentLabel(alert.detection.detectedAt) });
  return why === null ? t("state.new") : `${t("state.new")} · ${why}`;
};

export const AlertState = (props: { alert: AlertView; brief?: boolean }) => (
  <span
    class="state"
    classList={{ [`state-${props.alert.state}`]: true, [`q${props.alert.priority}`]: true, late: props.alert.late }}
  >
    <Switch>
      <Match when={props.alert.resolved}>
        {(resolved) => <Dynamic component={OUTCOME_ICONS[resolved().outcome]} aria-hidden="true" />}
      </Match>
      <Match when={props.alert.acknowledged}>
        <Eye aria-hidden="true" />
      </Match>
      <Match when={props.alert.late}>
        <Clock aria-hidden="true" />
      </Match>
      <Match when={true}>
        <i class="dot" />
      </Match>
    </Switch>
    <span class="clip">
      {(props.brief ?? false) && props.alert.resolved !== null
        ? t(`outcome.${props.alert.resolved.outcome}`)
        : stateWords(props.alert)}
    </span>
  </span>
);

/** The state as a pill, for the head of one alert. */
export const AlertStatePill = (props: { alert: AlertView }) => (
  <span
    class="pill"
    classList={{
      "pill-critical": props.alert.state === "new" && props.alert.priority === 1,
      "pill-warn": props.alert.state === "new" && props.alert.priority === 2,
      "pill-accent": props.alert.state === "acknowledged",
    }}
  >
    <Switch fallback={<i class="dot" />}>
      <Match when={props.alert.state === "acknowledged"}>
        <Eye aria-hidden="true" />
      </Match>
      <Match when={props.alert.state === "resolved"}>
        <Check aria-hidden="true" />
      </Match>
    </Switch>
    {t(`state.${props.alert.state}`)}
  </span>
);
