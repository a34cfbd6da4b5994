/**
 * The field for a password, with a button that shows what was typed.
 * Rule: paste and password managers work; nothing about a password is judged here but its length.
 */
import Eye from "lucide-solid/icons/eye";
import EyeOff from "lucide-solid/icons/eye-off";
import { Show, createSignal, createUniqueId } from "solid-js";
import { w } from "../../i18n/account.ts";

export const PasswordField = (props: {
  label: string;
  name: string;
  autocomplete: "current-password" | "new-password";
  hint?: string;
}) => {
  const id = createUniqueId();
  const [visible, setVisible] = createSignal(false);
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <span class="field-with-button">
        <input
          id={id}
          name={props.name}
          type={visible() ? "text" : "password"}
          autocomplete={props.autocomplete}
          aria-describedby={props.hint === undefined ? undefined : `${id}-hint`}
          required
          dir="ltr"
        />
        <button
          type="button"
          class="target"
          aria-label={visible() ? w("password.hide") : w("password.show")}
          onClick={() => setVisible((shown) => !shown)}
        >
          <Show when={visible()} fallback={<Eye aria-hidden="true" />}>
            <EyeOff aria-hidden="true" />
          </Show>
        </button>
      </span>
      <Show when={props.hint}>
        <small id={`${id}-hint`}>{props.hint}</small>
      </Show>
    </div>
  );
};
