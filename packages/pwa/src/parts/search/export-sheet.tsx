/**
 * Detections as a file: of one plate, or of what was found.
 * Rule: every export names who receives it and says beforehand what the file will hold; it is a list for work, no evidence.
 */
import type { SearchFilters } from "@chaverim/contracts";
import { Show, createSignal } from "solid-js";
import { w } from "../../i18n/search.ts";
import { t } from "../../i18n/words.ts";
import { trpc } from "../../trpc.ts";
import { createAttempt } from "../attempt.ts";
import { Segments } from "../choices.tsx";
import { FormTrouble } from "../entrance.tsx";
import { field } from "../form.ts";
import { offerFile } from "../offer-file.ts";
import { Sheet } from "../sheet.tsx";
import { showToast } from "../toasts.tsx";
import { createCameras } from "./cameras.ts";
import { chipsOf } from "./filters.tsx";
import { stateOfSaved } from "./question.ts";

const FORMATS = ["csv", "json"] as const;
type Format = (typeof FORMATS)[number];
/** Central asks for as much. */
const RECIPIENT_MIN = 2;

export type Exported = { plate?: string; lookAlikes?: boolean; filters: SearchFilters; unread?: boolean };

/** Whether a file without a plate is narrow enough for central: by a place, a beginning or a list. */
const isNarrow = ({ plate, filters }: Exported): boolean =>
  plate !== undefined || Boolean(filters.cameraIds ?? filters.area ?? filters.from ?? filters.listed);

/** What the file will hold, in words: whose detections, and which of them. */
const Holds = (props: { asked: Exported; allHours: boolean }) => {
  const cameras = createCameras(() => props.asked.filters.cameraIds !== undefined);
  const narrowed = () => {
    const { filters, unread = false } = props.asked;
    return chipsOf(stateOfSaved({ text: "", way: "similar", filters, unread }), cameras).map(({ label }) => label);
  };
  const whose = () => {
    const { plate, lookAlikes } = props.asked;
    if (plate === undefined) return w("file.ofFound");
    return w(lookAlikes ? "file.ofPlateLooks" : "file.ofPlate", { plate });
  };
  return (
    <p class="file-holds">
      {whose()} {narrowed().length === 0 ? w("file.whole") : w("file.narrowed", { filters: narrowed().join(" · ") })}
      <Show when={props.allHours}> {w("file.allHours")}</Show>
    </p>
  );
};

/**
 * @param props.asked the filters of the screen, all of them
 * @param props.allHours the screen shows an hour of the day alone, which a file cannot
 */
export const ExportSheet = (props: { open: boolean; asked: Exported; allHours?: boolean; onClose: () => void }) => {
  const attempt = createAttempt();
  const [format, setFormat] = createSignal<Format>("csv");
  const close = (): void => {
    attempt.setProblem("");
    props.onClose();
  };
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    if (!isNarrow(props.asked)) return attempt.setProblem(w("file.tooWide"));
    const recipient = field(event.currentTarget, "recipient");
    if (recipient.length < RECIPIENT_MIN) return attempt.setProblem(w("file.recipientShort"));
    void attempt.run(async () => {
      const file = await trpc.detections.export.mutate({ ...props.asked, format: format(), recipient });
      offerFile(file);
      const told = { count: file.detections, file: file.filename };
      if (file.truncated) showToast({ kind: "trouble", text: w("file.truncated", told), stays: true });
      else showToast({ text: w("file.done", told) });
      close();
    });
  };
  return (
    <Sheet open={props.open} onClose={close} title={w("file.title")} lead={w("file.lead")}>
      <Holds asked={props.asked} allHours={props.allHours ?? false} />
      <form class="form" novalidate onSubmit={submit}>
        <label class="field">
          <span>{w("file.recipient")}</span>
          <input
            name="recipient"
            placeholder={w("file.recipientHint")}
            maxlength="200"
            autocomplete="off"
            dir="auto"
            required
          />
        </label>
        <Segments
          label={w("file.format")}
          value={format()}
          options={FORMATS.map((value) => ({ value, label: w(`file.format.${value}`) }))}
          onChange={setFormat}
        />
        <FormTrouble text={attempt.problem()} />
        <div class="sheet-buttons">
          <button type="button" class="button big outlined" onClick={close}>
            {t("app.cancel")}
          </button>
          <button type="submit" class="button big primary" disabled={attempt.busy()}>
            {w("file.submit")}
          </button>
        </div>
      </form>
    </Sheet>
  );
};
