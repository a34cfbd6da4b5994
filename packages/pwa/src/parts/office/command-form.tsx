/**
 * Gives a collector a command other than a test: with what it does beside each choice.
 * Rule: offers what a collector does and nothing else; one command at a time.
 */
import type { CollectorView, OfferedVerb } from "@chaverim/contracts";
import { For, Show, createSignal } from "solid-js";
import { w } from "../../i18n/office.ts";
import { t } from "../../i18n/words.ts";
import { trpc } from "../../trpc.ts";
import { createAttempt } from "../attempt.ts";
import { FormTrouble } from "../entrance.tsx";
import { field } from "../form.ts";
import { Sheet } from "../sheet.tsx";
import { showToast } from "../toasts.tsx";

/** Tests are given at their camera. */
const VERBS = ["send_diagnostics", "restart_adapter", "set_log_level", "rotate_key"] as const satisfies OfferedVerb[];
type Verb = (typeof VERBS)[number];
const LEVELS = ["debug", "info", "warn"] as const;

type Command = Parameters<typeof trpc.collectors.command.mutate>[0];

const commandOf = (id: string, verb: Verb, form: HTMLFormElement): Command => {
  switch (verb) {
    case "restart_adapter":
      return { id, verb, args: { cameraId: field(form, "camera") } };
    case "set_log_level": {
      const level = LEVELS.find((known) => known === field(form, "level")) ?? "info";
      return { id, verb, args: { level } };
    }
    case "send_diagnostics":
    case "rotate_key":
      return { id, verb, args: {} };
  }
};

const Form = (props: { collector: CollectorView; onClose: () => void; onGiven: () => void }) => {
  const attempt = createAttempt();
  const [verb, setVerb] = createSignal<Verb>();
  const offered = () => VERBS.filter((each) => each !== "restart_adapter" || props.collector.cameras.length > 0);
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const chosen = verb();
    if (chosen === undefined) return attempt.setProblem(w("command.choose"));
    const command = commandOf(props.collector.id, chosen, event.currentTarget);
    void attempt.run(async () => {
      await trpc.collectors.command.mutate(command);
      showToast({ text: w("command.given") });
      props.onGiven();
      props.onClose();
    });
  };
  return (
    <form class="form" novalidate onSubmit={submit}>
      <fieldset class="radio-cards">
        <legend class="unseen">{w("command.what")}</legend>
        <For each={offered()}>
          {(each) => (
            <label>
              <input type="radio" name="verb" value={each} onChange={() => setVerb(each)} />
              <span>
                <strong>{w(`command.verb.${each}`)}</strong>
                <small class="quiet">{w(`command.about.${each}`)}</small>
              </span>
            </label>
          )}
        </For>
      </fieldset>
      <Show when={verb() === "restart_adapter"}>
        <label class="field">
          <span>{w("command.camera")}</span>
          <select name="camera">
            <For each={props.collector.cameras}>{({ id, name }) => <option value={id}>{name}</option>}</For>
          </select>
        </label>
      </Show>
      <Show when={verb() === "set_log_level"}>
        <label class="field">
          <span>{w("command.level")}</span>
          <select name="level">
            <For each={LEVELS}>{(level) => <option value={level}>{w(`command.level.${level}`)}</option>}</For>
          </select>
        </label>
      </Show>
      <FormTrouble text={attempt.problem()} />
      <div class="sheet-buttons">
        <button type="button" class="button big outlined" onClick={() => props.onClose()}>
          {t("app.cancel")}
        </button>
        <button type="submit" class="button big primary" disabled={attempt.busy()}>
          {w("command.submit")}
        </button>
      </div>
    </form>
  );
};

export const CommandForm = (props: {
  open: boolean;
  collector: CollectorView;
  onClose: () => void;
  onGiven: () => void;
}) => (
  <Sheet open={props.open} onClose={() => props.onClose()} title={w("command.giveTo", { name: props.collector.name })}>
    <Form collector={props.collector} onClose={props.onClose} onGiven={props.onGiven} />
  </Sheet>
);
