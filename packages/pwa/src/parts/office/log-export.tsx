/**
 * Exports the access log as a file.
 * Rule: every export names who receives it, and is an entry of the log itself.
 */
import { createSignal } from "solid-js";
import { w } from "../../i18n/office.ts";
import { t } from "../../i18n/words.ts";
import { trpc } from "../../trpc.ts";
import { createAttempt } from "../attempt.ts";
import { Segments } from "../choices.tsx";
import { FormTrouble } from "../entrance.tsx";
import { field } from "../form.ts";
import type { LogQuestion } from "./log-question.ts";
import { offerFile } from "../offer-file.ts";
import { Sheet } from "../sheet.tsx";
import { showToast } from "../toasts.tsx";

const FORMATS = ["csv", "json"] as const;
type Format = (typeof FORMATS)[number];
/** Central asks for as much. */
const RECIPIENT_MIN = 2;

export const LogExport = (props: { open: boolean; question: LogQuestion; onClose: () => void }) => {
  const attempt = createAttempt();
  const [format, setFormat] = createSignal<Format>("csv");
  const close = (): void => {
    attempt.setProblem("");
    props.onClose();
  };
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const recipient = field(event.currentTarget, "recipient");
    if (recipient.length < RECIPIENT_MIN) return attempt.setProblem(w("export.recipientShort"));
    void attempt.run(async () => {
      const file = await trpc.accessLog.export.mutate({ ...props.question, format: format(), recipient });
      offerFile(file);
      const told = { count: file.entries, file: file.filename };
      if (file.truncated) showToast({ kind: "trouble", text: w("export.truncated", told), stays: true });
      else showToast({ text: w("export.done", told) });
      close();
    });
  };
  return (
    <Sheet open={props.open} onClose={close} title={w("export.title")} lead={w("export.lead")}>
      <form class="form" novalidate onSubmit={submit}>
        <label class="field">
          <span>{w("export.recipient")}</span>
          <input
            name="recipient"
            placeholder={w("export.recipientHint")}
            maxlength="200"
            autocomplete="off"
            dir="auto"
            required
          />
        </label>
        <Segments
          label={w("export.format")}
          value={format()}
          options={FORMATS.map((value) => ({ value, label: w(`export.format.${value}`) }))}
          onChange={setFormat}
        />
        <FormTrouble text={attempt.problem()} />
        <div class="sheet-buttons">
          <button type="button" class="button big outlined" onClick={close}>
            {t("app.cancel")}
          </button>
          <button type="submit" class="button big primary" disabled={attempt.busy()}>
            {w("export.submit")}
          </button>
        </div>
      </form>
    </Sheet>
  );
};
