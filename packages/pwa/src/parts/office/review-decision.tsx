/**
 * An administrator's finding about the looks of somebody else.
 * Rule: own looks are never decided here, and a finding that may be asked about has its note.
 */
import { REVIEW_OUTCOMES, type ReviewOutcome, type ReviewView } from "@chaverim/contracts";
import { createSignal, createUniqueId } from "solid-js";
import { w } from "../../i18n/office.ts";
import { trpc } from "../../trpc.ts";
import { createAttempt } from "../attempt.ts";
import { Segments } from "../choices.tsx";
import { FormTrouble } from "../entrance.tsx";
import { field } from "../form.ts";
import { showToast } from "../toasts.tsx";

export const ReviewDecision = (props: { review: ReviewView; onDecided: () => void }) => {
  const attempt = createAttempt();
  const note = createUniqueId();
  const [outcome, setOutcome] = createSignal<ReviewOutcome | "">("");
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const chosen = outcome();
    const text = field(event.currentTarget, "note");
    if (chosen === "") return attempt.setProblem(w("reviews.choose"));
    if (chosen !== "justified" && text === "") return attempt.setProblem(w("reviews.noteShort"));
    void attempt.run(async () => {
      await trpc.reviews.decide.mutate({
        id: props.review.id,
        outcome: chosen,
        ...(text === "" ? {} : { note: text }),
      });
      showToast({ text: w("reviews.done", { outcome: w(`reviews.outcome.${chosen}`) }) });
      props.onDecided();
    });
  };
  return (
    <form class="form review-decision" novalidate onSubmit={submit}>
      <Segments
        label={w("reviews.decide")}
        value={outcome()}
        options={REVIEW_OUTCOMES.map((value) => ({ value, label: w(`reviews.outcome.${value}`) }))}
        onChange={setOutcome}
      />
      <div class="field">
        <label for={note}>{w("reviews.note")}</label>
        <textarea id={note} name="note" rows="2" maxlength="2000" placeholder={w("reviews.noteHint")} dir="auto" />
      </div>
      <FormTrouble text={attempt.problem()} />
      <button type="submit" class="button primary" disabled={attempt.busy()}>
        {w("reviews.submit")}
      </button>
    </form>
  );
};
