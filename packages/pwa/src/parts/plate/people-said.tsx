/**
 * What people said of a plate: notes, and readings that they corrected.
 * Rule: added and never changed; a corrected reading is shown with what the camera read.
 */
import type { PlateView } from "@chaverim/contracts";
import { For, Show } from "solid-js";
import { momentLabel } from "../../clock.ts";
import { w } from "../../i18n/search.ts";
import { trpc } from "../../trpc.ts";
import { createAttempt } from "../attempt.ts";
import { FormTrouble } from "../entrance.tsx";
import { field } from "../form.ts";
import { PlateChip } from "../plate-chip.tsx";
import { showToast } from "../toasts.tsx";

const NoteForm = (props: { plate: string; onAdded: () => void }) => {
  const attempt = createAttempt();
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const form = event.currentTarget;
    const text = field(form, "note");
    if (text === "") return attempt.setProblem(w("notes.short"));
    void attempt.run(async () => {
      await trpc.plates.addNote.mutate({ plate: props.plate, text });
      form.reset();
      showToast({ text: w("notes.added") });
      props.onAdded();
    });
  };
  return (
    <form class="note-form" novalidate onSubmit={submit}>
      <textarea
        name="note"
        rows="2"
        maxlength="1000"
        aria-label={w("notes.label")}
        placeholder={w("notes.hint")}
        dir="auto"
      />
      <FormTrouble text={attempt.problem()} />
      <button type="submit" class="button" disabled={attempt.busy()}>
        {w("notes.submit")}
      </button>
    </form>
  );
};

export const PeopleSaid = (props: { view: PlateView; onAdded: () => void }) => (
  <>
    <section class="plate-block" aria-labelledby="notes-title">
      <h2 id="notes-title">{w("notes.title")}</h2>
      <NoteForm plate={props.view.plate} onAdded={props.onAdded} />
      <ul class="said">
        <For each={props.view.notes}>
          {(note) => (
            <li>
              <p class="said-text">
                <bdi>{note.text}</bdi>
              </p>
              <p class="quiet">
                <bdi>{note.by}</bdi> · <bdi>{momentLabel(note.at)}</bdi>
              </p>
            </li>
          )}
        </For>
      </ul>
    </section>
    <section class="plate-block" aria-labelledby="corrections-title">
      <h2 id="corrections-title">{w("corrections.title")}</h2>
      <Show when={props.view.corrections.length > 0} fallback={<p class="quiet">{w("corrections.none")}</p>}>
        <ul class="said">
          <For each={props.view.corrections}>
            {(correction) => (
              <li>
                <p class="said-plates">
                  <span class="quiet">{w("corrections.read")}</span>
                  <Show when={correction.observed} fallback={<span>{w("sighting.nothing")}</span>}>
                    {(observed) => <PlateChip text={observed()} size="small" />}
                  </Show>
                  <span class="quiet">{w("corrections.is")}</span>
                  <PlateChip text={correction.corrected} size="small" />
                </p>
                <p class="said-text">
                  <bdi>{correction.reason}</bdi>
                </p>
                <p class="quiet">
                  <bdi>{correction.by}</bdi> · <bdi>{momentLabel(correction.at)}</bdi>
                </p>
              </li>
            )}
          </For>
        </ul>
      </Show>
    </section>
  </>
);
