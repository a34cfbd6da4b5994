/**
 * A new authenticator: the key as a picture and as text, and the first code of it.
 * Rule: the key exists on this screen alone; it is proved by a code before anything counts.
 */
import Copy from "lucide-solid/icons/copy";
import { w } from "../../i18n/account.ts";
import { CodeField } from "../code-field.tsx";
import { FormTrouble } from "../entrance.tsx";
import { QrCode } from "../qr-code.tsx";
import { showToast } from "../toasts.tsx";
import type { Guess } from "./attempt.ts";

/** `ABCD EFGH …`: groups of four can be read aloud and typed. */
const grouped = (secret: string): string => secret.replaceAll(/(.{4})(?=.)/g, "$1 ");

const copyKey = async (secret: string): Promise<void> => {
  try {
    await navigator.clipboard.writeText(secret);
    showToast({ text: w("authenticator.copied") });
  } catch {
    // Not allowed here (plain http): the key stands on the screen to be typed.
    showToast({ kind: "trouble", text: w("authenticator.copyFailed") });
  }
};

export const Authenticator = (props: {
  totp: { totpSecret: string; totpUri: string };
  attempt: Guess;
  onCode: (digits: string) => void;
}) => (
  <>
    <div class="qr-row">
      <QrCode text={props.totp.totpUri} label={w("authenticator.qrAlt")} />
      <div class="qr-key">
        <span class="label">{w("authenticator.key")}</span>
        <code dir="ltr">{grouped(props.totp.totpSecret)}</code>
        <button type="button" class="button" onClick={() => void copyKey(props.totp.totpSecret)}>
          <Copy aria-hidden="true" />
          {w("authenticator.copy")}
        </button>
        <a class="text-link" href={props.totp.totpUri}>
          {w("authenticator.open")}
        </a>
      </div>
    </div>
    <CodeField
      label={w("code.label")}
      submit={props.attempt.busy() ? w("try.working") : w("authenticator.confirm")}
      busy={props.attempt.held()}
      message={<FormTrouble text={props.attempt.problem()} />}
      onSubmit={props.onCode}
    />
  </>
);
