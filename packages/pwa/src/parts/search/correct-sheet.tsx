/**
 * A person's word on what a camera read.
 * Rule: the reading stays as it is; who says otherwise, and why, stands beside it.
 */
import { type DetectionView, PLATE_LONGEST, PLATE_SHORTEST, PLATE_TEXT_MAX, normalizePlate } from "@chaverim/contracts";
import { Show } from "solid-js";
import { currentMs, momentLabel } from "../../clock.ts";
import { w } from "../../i18n/search.ts";
import { t } from "../../i18n/words.ts";
import { user } from "../../session.ts";
import { trpc } from "../../trpc.ts";
import { createAttempt } from "../attempt.ts";
import { Crop } from "../crop.tsx";
import { FormTrouble } from "../entrance.tsx";
import { field } from "../form.ts";
import { PlateChip } from "../plate-chip.tsx";
import { Sheet } from "../sheet.tsx";
import { showToast } from "../toasts.tsx";

/** Shorter is no reason; central asks for as much. */
const REASON_MIN = 3;

/** Called with what the detection stands as from now. */
type OnDone = (detection: DetectionView) => void;

const CorrectForm = (props: { detection: DetectionView; onClose: () => void; onDone: OnDone }) => {
  const attempt = createAttempt();
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const plate = normalizePlate(field(event.currentTarget, "plate"));
    const reason = field(event.currentTarget, "reason");
    if (plate.length < PLATE_SHORTEST || plate.length > PLATE_LONGEST)
      return attempt.setProblem(w("correct.plateWrong"));
    if (reason.length < REASON_MIN) return attempt.setProblem(w("correct.reasonShort"));
    void attempt.run(async () => {
      await trpc.detections.correct.mutate({ detectionId: props.detection.id, plate, reason });
      showToast({ text: w("correct.done", { plate }) });
      const corrected = { plate, reason, by: user()?.name ?? "", at: new Date(currentMs()).toISOString() };
      props.onDone({ ...props.detection, corrected });
      props.onClose();
    });
  };
  return (
    <form class="form" novalidate onSubmit={submit}>
      <Crop detection={props.detection} class="correct-photo" eager />
      <p class="correct-read">
        <span>{w("correct.read")}</span>
        <Show when={props.detection.plate.text} fallback={<span>{t("live.noPlate")}</span>}>
          {(text) => <PlateChip text={text()} />}
        </Show>
        <span class="quiet">
          <bdi>{props.detection.camera.name}</bdi> · <bdi>{momentLabel(props.detection.detectedAt, true)}</bdi>
        </span>
      </p>
      <label class="field">
        <span>{w("correct.plate")}</span>
        <input
          class="plate-input"
          name="plate"
          value={props.detection.corrected?.plate ?? props.detection.plate.text ?? ""}
          maxlength={PLATE_TEXT_MAX}
          autocomplete="off"
          autocapitalize="characters"
          spellcheck={false}
          dir="ltr"
          required
        />
      </label>
      <label class="field">
        <span>{w("correct.reason")}</span>
        <input
          name="reason"
          placeholder={w("correct.reasonHint")}
          maxlength="500"
          autocomplete="off"
          dir="auto"
          required
        />
      </label>
      <FormTrouble text={attempt.problem()} />
      <div class="sheet-buttons">
        <button type="button" class="button big outlined" onClick={() => props.onClose()}>
          {t("app.cancel")}
        </button>
        <button type="submit" class="button big primary" disabled={attempt.busy()}>
          {w("correct.submit")}
        </button>
      </div>
    </form>
  );
};

/** @param props.detection the one to correct; null closes */
export const CorrectSheet = (props: { detection: DetectionView | null; onClose: () => void; onDone: OnDone }) => (
  <Sheet open={props.detection !== null} onClose={props.onClose} title={w("correct.title")} lead={w("correct.lead")}>
    <Show when={props.detection}>
      {(detection) => <CorrectForm detection={detection()} onClose={props.onClose} onDone={props.onDone} />}
    </Show>
  </Sheet>
);
