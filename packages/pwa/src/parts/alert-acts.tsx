/**
 * What a person can do with an alert: verify, say that it is no match, set the outcome.
 * Rule: the instruction stands over the buttons; closing an alert cannot be undone, so it asks first.
 */
import type { AlertOutcome, AlertView } from "@chaverim/contracts";
import Check from "lucide-solid/icons/check";
import Flag from "lucide-solid/icons/flag";
import X from "lucide-solid/icons/x";
import { For, Show, createSignal } from "solid-js";
import { t } from "../i18n/words.ts";
import { link } from "../local/sync.ts";
import { following } from "../session.ts";
import { trpc, troubleOf, troubleText } from "../trpc.ts";
import { Sheet } from "./sheet.tsx";
import { showToast } from "./toasts.tsx";

/** The outcomes offered beside "Not a match", which has its own button. */
const OUTCOMES = ["confirmed", "handed_over", "lost"] as const satisfies readonly AlertOutcome[];

const send = async (act: () => Promise<AlertView>, done: string): Promise<boolean> => {
  try {
    await following().store(await act());
    showToast({ text: done });
    return true;
  } catch (error) {
    const trouble = troubleOf(error);
    showToast({ kind: "trouble", text: t("alert.notSent", { why: troubleText(trouble) }) });
    // Somebody else was faster, or the line is gone: show what is true now.
    following().check();
    return false;
  }
};

/** Acknowledges with one press; used by the wall's key as well. */
export const acknowledge = (alert: AlertView, done = t("alert.acknowledgedDone")): Promise<boolean> =>
  send(() => trpc.alerts.acknowledge.mutate({ id: alert.id }), done);

export const AlertActs = (props: { alert: AlertView }) => {
  const [asking, setAsking] = createSignal<"no_match" | "outcome" | null>(null);
  const [busy, setBusy] = createSignal(false);
  const offline = () => link().kind === "offline";

  const run = async (act: () => Promise<boolean>): Promise<void> => {
    setBusy(true);
    await act();
    setBusy(false);
    setAsking(null);
  };
  const resolve = (outcome: AlertOutcome): Promise<void> =>
    run(() =>
      send(
        () => trpc.alerts.resolve.mutate({ id: props.alert.id, outcome }),
        t("alert.resolvedDone", { outcome: t(`outcome.${outcome}`) }),
      ),
    );

  return (
    <Show when={props.alert.state !== "resolved"}>
      <section class="acts" aria-label={t("alert.instruction")}>
        <p class="instruction" classList={{ warn: offline() }}>
          {offline() ? t("alert.needsNetwork") : t("alert.instruction")}
        </p>
        <div class="acts-buttons">
          <button
            type="button"
            class="button big outlined"
            disabled={busy() || offline()}
            onClick={() => setAsking("no_match")}
          >
            <X aria-hidden="true" />
            {t("alert.notAMatch")}
          </button>
          <Show
            when={props.alert.state === "new"}
            fallback={
              <button
                type="button"
                class="button big primary"
                disabled={busy() || offline()}
                onClick={() => setAsking("outcome")}
              >
                <Flag aria-hidden="true" />
                {t("alert.setOutcome")}
              </button>
            }
          >
            <button
              type="button"
              class="button big primary"
              disabled={busy() || offline()}
              onClick={() => void run(() => acknowledge(props.alert, t("alert.verifiedDone")))}
            >
              <Check aria-hidden="true" />
              {t("alert.verified")}
            </button>
          </Show>
        </div>
      </section>
      <Sheet
        open={asking() === "no_match"}
        onClose={() => setAsking(null)}
        title={t("alert.closeAsk")}
        lead={t("alert.closeAskNext", { plate: props.alert.entry.plate })}
      >
        <div class="sheet-buttons">
          <button type="button" class="button big outlined" onClick={() => setAsking(null)}>
            {t("alert.keepOpen")}
          </button>
          <button
            type="button"
            class="button big primary"
            disabled={busy()}
            onClick={() => void resolve("not_a_match")}
          >
            {t("alert.notAMatch")}
          </button>
        </div>
      </Sheet>
      <Sheet
        open={asking() === "outcome"}
        onClose={() => setAsking(null)}
        title={t("alert.outcomeAsk")}
        lead={t("alert.outcomeAskNext")}
      >
        <div class="choices">
          <For each={OUTCOMES}>
            {(outcome) => (
              <button type="button" class="choice" disabled={busy()} onClick={() => void resolve(outcome)}>
                <strong>{t(`outcome.${outcome}`)}</strong>
                <span>{t(`outcome.${outcome}Hint`)}</span>
              </button>
            )}
          </For>
        </div>
      </Sheet>
    </Show>
  );
};
