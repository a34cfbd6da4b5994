/**
 * The form that makes a new watchlist.
 * Rule: the priority says what an alert of this list will do to people.
 */
import { PRIORITIES, type Priority } from "@chaverim/contracts";
import { For, createSignal } from "solid-js";
import { w } from "../i18n/search.ts";
import { t } from "../i18n/words.ts";
import { trpc, troubleOf, troubleText } from "../trpc.ts";
import { FormTrouble } from "./entrance.tsx";
import { field } from "./form.ts";
import { PriorityMark } from "./priority-mark.tsx";
import { Sheet } from "./sheet.tsx";
import { showToast } from "./toasts.tsx";

/** In the middle: look soon, one tone. */
const PRIORITY_DEFAULT: Priority = 2;

export const ListForm = (props: { open: boolean; onClose: () => void; onCreated: () => void }) => {
  const [problem, setProblem] = createSignal("");
  const [busy, setBusy] = createSignal(false);

  const create = async (name: string, priority: Priority, forField: boolean): Promise<void> => {
    setBusy(true);
    try {
      const list = await trpc.watchlists.create.mutate({ name, priority, field: forField });
      showToast({ text: w("lists.created", { name: list.name }) });
      setProblem("");
      props.onCreated();
      props.onClose();
    } catch (error) {
      const trouble = troubleOf(error);
      setProblem(trouble.message !== "" ? trouble.message : troubleText(trouble));
    }
    setBusy(false);
  };

  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const name = field(event.currentTarget, "name");
    if (name === "") return void setProblem(w("newList.nameShort"));
    const chosen = field(event.currentTarget, "priority");
    const priority = PRIORITIES.find((value) => String(value) === chosen) ?? PRIORITY_DEFAULT;
    void create(name, priority, field(event.currentTarget, "field") === "on");
  };

  return (
    <Sheet open={props.open} onClose={props.onClose} title={w("newList.title")}>
      <form class="form" novalidate onSubmit={submit}>
        <label class="field">
          <span>{w("newList.name")}</span>
          <input name="name" maxlength="80" autocomplete="off" dir="auto" required />
        </label>
        <fieldset class="field radio-cards">
          <legend>{w("newList.priority")}</legend>
          <For each={PRIORITIES}>
            {(priority) => (
              <label>
                <input type="radio" name="priority" value={priority} checked={priority === PRIORITY_DEFAULT} />
                <PriorityMark priority={priority} />
                <span>{w(`newList.priority${priority}`)}</span>
              </label>
            )}
          </For>
        </fieldset>
        <div class="radio-cards">
          <label>
            <input type="checkbox" name="field" checked />
            <span>
              <strong>{w("lists.field")}</strong>
              <small>{w("lists.fieldHint")}</small>
            </span>
          </label>
        </div>
        <FormTrouble text={problem()} />
        <div class="sheet-buttons">
          <button type="button" class="button big outlined" onClick={() => props.onClose()}>
            {t("app.cancel")}
          </button>
          <button type="submit" class="button big primary" disabled={busy()}>
            {w("newList.submit")}
          </button>
        </div>
      </form>
    </Sheet>
  );
};
