/**
 * An administrator's decision about one element in quarantine.
 * Rule: says what each decision does before it is made, since none can be taken back.
 */
import type { QuarantineView } from "@chaverim/contracts";
import { For, createSignal, createUniqueId } from "solid-js";
import { w } from "../../i18n/office.ts";
import { trpc } from "../../trpc.ts";
import { createAttempt } from "../attempt.ts";
import { FormTrouble } from "../entrance.tsx";
import { field } from "../form.ts";
import { showToast } from "../toasts.tsx";

const CHOICES = [
  { decision: "kept", label: "quarantine.keep", about: "quarantine.keepNext", done: "quarantine.doneKept" },
  {
    decision: "released",
    label: "quarantine.release",
    about: "quarantine.releaseNext",
    done: "quarantine.doneReleased",
  },
] as const;
type Choice = (typeof CHOICES)[number];

export const QuarantineDecision = (props: { element: QuarantineView; onDecided: () => void }) => {
  const attempt = createAttempt();
  const note = createUniqueId();
  const [choice, setChoice] = createSignal<Choice>();
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const chosen = choice();
    if (chosen === undefined) return attempt.setProblem(w("quarantine.choose"));
    const text = field(event.currentTarget, "note");
    void attempt.run(async () => {
      await trpc.quarantine.decide.mutate({
        id: props.element.id,
        decision: chosen.decision,
        ...(text === "" ? {} : { note: text }),
      });
      showToast({ text: w(chosen.done) });
      props.onDecided();
    });
  };
  return (
    <form class="form quarantine-decision" novalidate onSubmit={submit}>
      <fieldset class="radio-cards field">
        <legend>{w("quarantine.decide")}</legend>
        <For each={CHOICES}>
          {(each) => (
            <label>
              <input type="radio" name="decision" value={each.decision} onChange={() => setChoice(each)} />
              <span>
                <strong>{w(each.label)}</strong>
                <small class="quiet">{w(each.about)}</small>
              </span>
            </label>
          )}
        </For>
      </fieldset>
      <div class="field">
        <label for={note}>{w("quarantine.note")}</label>
        <input
          id={note}
          name="note"
          maxlength="500"
          placeholder={w("quarantine.noteHint")}
          autocomplete="off"
          dir="auto"
        />
      </div>
      <p class="quiet">{w("quarantine.final")}</p>
      <FormTrouble text={attempt.problem()} />
      <button type="submit" class="button primary" disabled={attempt.busy()}>
        {w("quarantine.submit")}
      </button>
    </form>
  );
};
