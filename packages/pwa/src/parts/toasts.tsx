/**
 * Short messages over the screen: what was done, with a way back, and news that needs no answer now.
 * Rule: never takes the focus, is spoken politely, and covers no button it is about.
 */
import * as Toast from "@kobalte/core/toast";
import Check from "lucide-solid/icons/check";
import TriangleAlert from "lucide-solid/icons/triangle-alert";
import { type JSX, Show } from "solid-js";
import { Portal } from "solid-js/web";
import { t } from "../i18n/words.ts";

/** Long enough to read and to reach for Undo. */
const SHOWN_MS = 6000;

type Message = {
  text: JSX.Element;
  kind?: "done" | "trouble" | "news";
  action?: { label: string; run: () => void };
  /** Stays until it is answered. */
  stays?: boolean;
};

export const showToast = (message: Message): void => {
  Toast.toaster.show((shown) => (
    <Toast.Root
      as="div"
      toastId={shown.toastId}
      class="toast"
      classList={{ [message.kind ?? "done"]: true }}
      persistent={message.stays ?? false}
    >
      <Show when={message.kind !== "news"}>
        <Show when={message.kind === "trouble"} fallback={<Check aria-hidden="true" />}>
          <TriangleAlert aria-hidden="true" />
        </Show>
      </Show>
      <div class="toast-text">{message.text}</div>
      <Show when={message.action}>
        {(action) => (
          <button
            type="button"
            class="toast-action"
            onClick={() => {
              Toast.toaster.dismiss(shown.toastId);
              action().run();
            }}
          >
            {action().label}
          </button>
        )}
      </Show>
    </Toast.Root>
  ));
};

export const Toasts = () => (
  <Portal>
    <Toast.Region duration={SHOWN_MS} limit={3} aria-label={t("app.notifications")} swipeDirection="down">
      <Toast.List as="div" class="toasts" />
    </Toast.Region>
  </Portal>
);
