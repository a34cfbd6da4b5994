/**
 * What an administrator keeps about a person: name, area, training.
 * Rule: only what was changed is sent, and nobody changes their own.
 */
import type { PersonView } from "@chaverim/contracts";
import { Show, createSignal } from "solid-js";
import { w } from "../../i18n/office.ts";
import { trpc } from "../../trpc.ts";
import { AreaField, createAreas } from "./area-field.tsx";
import { createAttempt } from "../attempt.ts";
import { FormTrouble } from "../entrance.tsx";
import { field } from "../form.ts";
import { today } from "./invite-form.tsx";
import { showToast } from "../toasts.tsx";

export const PersonDetails = (props: { person: PersonView; locked: string; onChanged: () => void }) => {
  const attempt = createAttempt();
  const areas = createAreas();
  const [touched, setTouched] = createSignal(false);

  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const name = field(event.currentTarget, "name");
    const area = field(event.currentTarget, "area") || null;
    const trainedOn = field(event.currentTarget, "trainedOn");
    if (name === "") return attempt.setProblem(w("invite.nameShort"));
    if (trainedOn === "" && props.person.trainedOn !== null) return attempt.setProblem(w("person.trainingKept"));
    void attempt.run(async () => {
      await trpc.users.update.mutate({
        id: props.person.id,
        ...(name === props.person.name ? {} : { name }),
        ...(area === props.person.area ? {} : { area }),
        ...(trainedOn === (props.person.trainedOn ?? "") ? {} : { trainedOn }),
      });
      setTouched(false);
      showToast({ text: w("person.saved", { name }) });
      props.onChanged();
    });
  };

  return (
    <form class="form" novalidate onSubmit={submit} onInput={() => setTouched(true)}>
      <label class="field">
        <span>{w("people.name")}</span>
        <input name="name" value={props.person.name} maxlength="100" autocomplete="off" dir="auto" required />
      </label>
      <AreaField label={w("people.area")} value={props.person.area ?? ""} areas={areas()} hint={w("invite.areaHint")} />
      <label class="field">
        <span>{w("invite.trainedOn")}</span>
        <input name="trainedOn" type="date" value={props.person.trainedOn ?? ""} max={today()} />
        <small>{w("invite.trainedOnHint")}</small>
      </label>
      <FormTrouble text={attempt.problem()} />
      <Show when={props.locked !== ""}>
        <p class="quiet">{props.locked}</p>
      </Show>
      <button type="submit" class="button primary" disabled={props.locked !== "" || !touched() || attempt.busy()}>
        {w("person.save")}
      </button>
    </form>
  );
};
