/**
 * Parts of an entry of the access log in words: who, why, how it ended.
 * Rule: shown as it was written; a purpose that no longer exists keeps its short name.
 */
import type { LogEntryView, PurposeCode } from "@chaverim/contracts";
import Check from "lucide-solid/icons/check";
import TriangleAlert from "lucide-solid/icons/triangle-alert";
import WifiOff from "lucide-solid/icons/wifi-off";
import X from "lucide-solid/icons/x";
import { Match, Show, Switch } from "solid-js";
import { momentLabel } from "../../clock.ts";
import { namedWords, w } from "../../i18n/office.ts";
import { type WordKey, en } from "../../i18n/en.ts";
import { t } from "../../i18n/words.ts";
import { purposeLabel } from "../account/purpose-words.ts";

export const actionWords = (action: string): string => namedWords("action.", action);

/** Why something was refused or failed, as its code says. */
export const failureWords = (code: string): string => {
  const key = `failure.${code}`;
  return key in en ? t(key as WordKey) : code;
};

export const LogPerson = (props: { entry: LogEntryView }) => (
  <Show when={props.entry.userName} fallback={<span class="quiet">{w("log.system")}</span>}>
    {(name) => (
      <span>
        <bdi class="log-name">{name()}</bdi>
        <Show when={props.entry.role}>{(role) => <span class="quiet"> {t(`me.role.${role()}`)}</span>}</Show>
      </span>
    )}
  </Show>
);

export const LogPurpose = (props: { entry: LogEntryView; purposes: readonly PurposeCode[] }) => (
  <Show
    when={props.entry.purpose}
    fallback={
      <Show when={props.entry.failure === "purpose_needed"} fallback={<span class="quiet only-desk">–</span>}>
        <span class="warn">{w("log.noPurpose")}</span>
      </Show>
    }
  >
    {(purpose) => (
      <span class="whys">
        <span class="why">
          <bdi>{purposeLabel(purpose().code, props.purposes)}</bdi>
        </span>
        <Show when={purpose().caseNumber}>
          {(number) => <span class="quiet">{w("log.case", { number: number() })}</span>}
        </Show>
      </span>
    )}
  </Show>
);

export const LogOutcomeMark = (props: { entry: LogEntryView }) => (
  <Switch>
    <Match when={props.entry.outcome === "denied"}>
      <span class="state warn">
        <X aria-hidden="true" />
        {w("log.outcome.denied")}
      </span>
    </Match>
    <Match when={props.entry.outcome === "error"}>
      <span class="state warn">
        <TriangleAlert aria-hidden="true" />
        {w("log.outcome.error")}
      </span>
    </Match>
    <Match when={props.entry.offline}>
      {(offline) => (
        <span class="state">
          <WifiOff aria-hidden="true" />
          {w("log.offline", { time: momentLabel(offline().deviceAt) })}
        </span>
      )}
    </Match>
    <Match when={true}>
      <span class="state">
        <Check aria-hidden="true" />
        {w("log.outcome.ok")}
      </span>
    </Match>
  </Switch>
);
