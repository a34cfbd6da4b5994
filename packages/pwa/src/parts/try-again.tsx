/**
 * A line where something did not load beside what did: why, and the way to try again.
 * Rule: takes nothing away that is shown already, and tries nothing by itself.
 */
import { t } from "../i18n/words.ts";

export const TryAgain = (props: { words: string; onRetry: () => void }) => (
  <p class="searching" role="status">
    <span>{props.words}</span>
    <button type="button" class="button" onClick={() => props.onRetry()}>
      {t("app.tryAgain")}
    </button>
  </p>
);
