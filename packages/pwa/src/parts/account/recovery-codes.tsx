/**
 * The ten recovery codes, shown once: copied, saved as a file or printed, then confirmed as kept.
 * Rule: they leave this screen only by the person's own act, and central keeps nothing that could show them again.
 */
import Copy from "lucide-solid/icons/copy";
import Download from "lucide-solid/icons/download";
import Printer from "lucide-solid/icons/printer";
import { For, createSignal } from "solid-js";
import { now } from "../../clock.ts";
import { w } from "../../i18n/account.ts";
import { offerFile } from "../offer-file.ts";
import { dayOfYear } from "../training.ts";
import { showToast } from "../toasts.tsx";

/** With so many left a person should make new ones while they still can. */
export const FEW_CODES = 3;

/** What goes onto paper and into the file: whose codes, of when, and that each works once. */
const sheetOf = (email: string, codes: readonly string[]): string =>
  [w("codes.sheet", { email, date: dayOfYear(new Date(now()).toISOString()) }), w("codes.once"), "", ...codes, ""].join(
    "\r\n",
  );

const copy = async (text: string): Promise<void> => {
  try {
    await navigator.clipboard.writeText(text);
    showToast({ text: w("codes.copied") });
  } catch {
    // Not allowed here (plain http): the other two ways work.
    showToast({ kind: "trouble", text: w("codes.copyFailed") });
  }
};

export const RecoveryCodes = (props: {
  email: string;
  codes: readonly string[];
  submit: string;
  onKept: () => void;
}) => {
  const [kept, setKept] = createSignal(false);
  const sheet = () => sheetOf(props.email, props.codes);
  return (
    <div class="recovery">
      <div class="recovery-print">
        <p class="print-only">
          {w("codes.sheet", { email: props.email, date: dayOfYear(new Date(now()).toISOString()) })}
        </p>
        <ol class="recovery-codes" dir="ltr" aria-label={w("codes.label")}>
          <For each={props.codes}>{(code) => <li>{code}</li>}</For>
        </ol>
        <p class="print-only">{w("codes.once")}</p>
      </div>
      <div class="recovery-ways">
        <button type="button" class="button" onClick={() => void copy(sheet())}>
          <Copy aria-hidden="true" />
          {w("codes.copy")}
        </button>
        <button
          type="button"
          class="button"
          onClick={() =>
            offerFile({ filename: "chaverim-recovery-codes.txt", mime: "text/plain;charset=utf-8", text: sheet() })
          }
        >
          <Download aria-hidden="true" />
          {w("codes.download")}
        </button>
        <button type="button" class="button" onClick={() => print()}>
          <Printer aria-hidden="true" />
          {w("codes.print")}
        </button>
      </div>
      <label class="tick">
        <input type="checkbox" checked={kept()} onChange={(event) => setKept(event.currentTarget.checked)} />
        <span>{w("codes.kept")}</span>
      </label>
      <button type="button" class="button big primary" disabled={!kept()} onClick={() => props.onKept()}>
        {props.submit}
      </button>
    </div>
  );
};
