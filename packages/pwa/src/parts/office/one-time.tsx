/**
 * Something that is shown once: a link or a key, to copy or to scan.
 * Rule: it lives in the open dialog alone and is gone when that closes.
 */
import Copy from "lucide-solid/icons/copy";
import { type JSX, Show } from "solid-js";
import { w } from "../../i18n/office.ts";
import { QrCode } from "../qr-code.tsx";
import { showToast } from "../toasts.tsx";

export const CopyButton = (props: { text: string; label?: string }) => {
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(props.text);
      showToast({ text: w("office.copied") });
    } catch {
      // Plain http or a browser that forbids it: the text stands on the screen.
      showToast({ kind: "trouble", text: w("office.copyFailed") });
    }
  };
  return (
    <button type="button" class="button" aria-label={props.label} onClick={() => void copy()}>
      <Copy aria-hidden="true" />
      {w("office.copy")}
    </button>
  );
};

export const OneTime = (props: {
  label: string;
  value: string;
  /** Shown as a QR code too, under this name. */
  qr?: string;
  onDone: () => void;
  children?: JSX.Element;
}) => (
  <div class="one-time">
    <Show when={props.qr}>{(label) => <QrCode text={props.value} label={label()} />}</Show>
    <div class="one-time-text">
      <span class="label">{props.label}</span>
      <code dir="ltr">{props.value}</code>
      <CopyButton text={props.value} />
    </div>
    <div class="one-time-next">
      {props.children}
      <p class="quiet">{w("office.once")}</p>
    </div>
    <button type="button" class="button big primary" onClick={() => props.onDone()}>
      {w("office.done")}
    </button>
  </div>
);
