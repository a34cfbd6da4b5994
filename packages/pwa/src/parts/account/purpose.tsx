/**
 * Says what somebody is looking for before they look: a code of the organisation's policy, with words or a case number.
 * Rule: what is said here is kept with every look that follows, until it is ended or its time is over.
 */
import type { PurposeCode } from "@chaverim/contracts";
import { For, Match, Show, Switch, createSignal } from "solid-js";
import { settle } from "../../asking.ts";
import { w } from "../../i18n/account.ts";
import { t } from "../../i18n/words.ts";
import { following, local } from "../../session.ts";
import { trpc } from "../../trpc.ts";
import { FormTrouble } from "../entrance.tsx";
import { field } from "../form.ts";
import { createOnline } from "../online.ts";
import { Sheet } from "../sheet.tsx";
import { Shapes, TroubleNotice } from "../states.tsx";
import { createAttempt } from "../attempt.ts";
import { purposeLabel } from "./purpose-words.ts";

/** "car" says nothing; central asks for as much. */
const WORDS_MIN = 5;

const Form = (props: { codes: readonly PurposeCode[] }) => {
  const before = local().facts().investigation;
  const attempt = createAttempt();
  const [chosen, setChosen] = createSignal(before?.code ?? "");
  const needsCase = () => props.codes.find(({ code }) => code === chosen())?.needsCase ?? false;

  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const text = field(event.currentTarget, "text");
    const caseNumber = field(event.currentTarget, "caseNumber");
    if (chosen() === "") return attempt.setProblem(w("purpose.codeMissing"));
    if (needsCase() && caseNumber === "") return attempt.setProblem(w("purpose.caseMissing"));
    if (text.length < WORDS_MIN && caseNumber === "") return attempt.setProblem(w("purpose.wordsMissing"));
    void attempt.run(async () => {
      const investigation = await trpc.investigations.open.mutate({
        code: chosen(),
        ...(text === "" ? {} : { text }),
        ...(caseNumber === "" ? {} : { caseNumber }),
      });
      await following().learn({ investigation });
      settle(true);
    });
  };
  return (
    <form class="form" novalidate onSubmit={submit}>
      <fieldset
        class="field radio-cards purposes"
        // The dialog opened before its form was there.
        ref={(set) => queueMicrotask(() => set.querySelector("input")?.focus())}
      >
        <legend>{w("purpose.what")}</legend>
        <For each={props.codes}>
          {({ code, needsCase: withCase }) => (
            <label>
              <input
                type="radio"
                name="code"
                value={code}
                checked={chosen() === code}
                onChange={() => setChosen(code)}
              />
              <span>
                <bdi>{purposeLabel(code, props.codes)}</bdi>
                <Show when={withCase}>
                  <small class="quiet"> · {w("purpose.withCase")}</small>
                </Show>
              </span>
            </label>
          )}
        </For>
      </fieldset>
      <label class="field">
        <span>{needsCase() ? w("purpose.case") : w("purpose.caseIfAny")}</span>
        <input name="caseNumber" maxlength="60" autocomplete="off" dir="auto" value={before?.caseNumber ?? ""} />
      </label>
      <label class="field">
        <span>{needsCase() ? w("purpose.wordsIfAny") : w("purpose.words")}</span>
        <input name="text" maxlength="500" autocomplete="off" dir="auto" value={before?.text ?? ""} />
      </label>
      <FormTrouble text={attempt.problem()} />
      <div class="sheet-buttons">
        <button type="button" class="button big outlined" onClick={() => settle(false)}>
          {t("app.cancel")}
        </button>
        <button type="submit" class="button big primary" disabled={attempt.busy()}>
          {attempt.busy() ? w("try.working") : w("purpose.submit")}
        </button>
      </div>
    </form>
  );
};

export default function Purpose() {
  const policy = createOnline(
    () => "current",
    () => trpc.policy.read.query(),
  );
  return (
    <Sheet open onClose={() => settle(false)} title={w("purpose.title")} lead={w("purpose.lead")}>
      <Switch fallback={<Shapes rows={3} />}>
        <Match when={policy.answer()}>{(answer) => <Form codes={answer().settings.purpose.codes} />}</Match>
        <Match when={policy.trouble()}>
          {(trouble) => <TroubleNotice title={w("purpose.failed")} trouble={trouble()} onRetry={policy.refresh} />}
        </Match>
      </Switch>
    </Sheet>
  );
}
