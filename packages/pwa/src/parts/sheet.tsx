/**
 * A dialog: a sheet at the thumb on the phone, a small window on the desktop.
 * Rule: names the thing and the consequence; the safe button comes first and the keyboard can always leave.
 */
import * as Dialog from "@kobalte/core/dialog";
import X from "lucide-solid/icons/x";
import { type JSX, Show } from "solid-js";
import { t } from "../i18n/words.ts";

/** A form begins at its first field, a question at its safe answer. */
const focusFirst = (event: Event): void => {
  const dialog = event.target;
  const first =
    dialog instanceof HTMLElement ? dialog.querySelector<HTMLElement>("input, .sheet-buttons button, .choice") : null;
  if (first === null) return;
  event.preventDefault();
  first.focus();
};

export const Sheet = (props: {
  open: boolean;
  onClose: () => void;
  title: string;
  lead?: string | undefined;
  /** Has no way out but its own buttons: what it shows cannot be shown again. */
  stays?: boolean;
  children: JSX.Element;
}) => (
  <Dialog.Root open={props.open} onOpenChange={(open) => open || props.stays || props.onClose()}>
    <Dialog.Portal>
      <Dialog.Overlay class="scrim" />
      <Dialog.Content class="sheet" onOpenAutoFocus={focusFirst}>
        <div class="sheet-head">
          <Dialog.Title>{props.title}</Dialog.Title>
          <Show when={!props.stays}>
            <Dialog.CloseButton class="target" aria-label={t("app.close")}>
              <X aria-hidden="true" />
            </Dialog.CloseButton>
          </Show>
        </div>
        <Show when={props.lead}>
          <Dialog.Description>{props.lead}</Dialog.Description>
        </Show>
        {props.children}
      </Dialog.Content>
    </Dialog.Portal>
  </Dialog.Root>
);
