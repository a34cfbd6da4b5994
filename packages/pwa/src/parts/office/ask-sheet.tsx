/**
 * Asks before an act that cannot be undone, with a reason where one is kept.
 * Rule: names the thing and the consequence; the safe answer comes first.
 */
import { type JSX, Show } from "solid-js";
import { w } from "../../i18n/office.ts";
import { createAttempt } from "../attempt.ts";
import { FormTrouble } from "../entrance.tsx";
import { field } from "../form.ts";
import { Sheet } from "../sheet.tsx";

/** Shorter is no reason; central asks for as much. */
const REASON_MIN = 3;

export const AskSheet = (props: {
  open: boolean;
  onClose: () => void;
  title: string;
  lead: string;
  submit: string;
  /** Without it nothing is harmed by the act. */
  danger?: boolean;
  needsReason?: boolean;
  /** May be what the act needs beside the reason. */
  children?: JSX.Element;
  /** Closes when it succeeds. */
  run: (reason: string, form: HTMLFormElement) => Promise<void>;
}) => {
  const attempt = createAttempt();
  const close = (): void => {
    attempt.setProblem("");
    props.onClose();
  };
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const form = event.currentTarget;
    const reason = field(form, "reason");
    if (props.needsReason && reason.length < REASON_MIN) return attempt.setProblem(w("office.reasonShort"));
    void attempt.run(async () => {
      await props.run(reason, form);
      close();
    });
  };
  return (
    <Sheet open={props.open} onClose={close} title={props.title} lead={props.lead}>
      <form class="form ask" novalidate onSubmit={submit}>
        {props.children}
        <Show when={props.needsReason}>
          <label class="field">
            <span>{w("office.reason")}</span>
            <input name="reason" placeholder={w("office.reasonHint")} maxlength="500" autocomplete="off" dir="auto" />
          </label>
        </Show>
        <FormTrouble text={attempt.problem()} />
        <div class="sheet-buttons">
          <button type="button" class="button big outlined" onClick={close}>
            {w("office.keep")}
          </button>
          <button
            type="submit"
            class="button big"
            classList={{ danger: props.danger ?? false, primary: !props.danger }}
            disabled={attempt.busy()}
          >
            {props.submit}
          </button>
        </div>
      </form>
    </Sheet>
  );
};
