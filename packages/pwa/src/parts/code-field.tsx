/**
 * The form for six digits: a code of the authenticator, or the PIN of the lock.
 * Rule: spaces and dashes that come with a paste are dropped; the sixth digit does not send by itself.
 */
import { type JSX, createEffect, on } from "solid-js";
import { field } from "./form.ts";

export const CodeField = (props: {
  label: string;
  submit: string;
  busy: boolean;
  message: JSX.Element;
  onSubmit: (digits: string) => void;
  /** A PIN: not shown, and nobody's one-time code. */
  secret?: boolean;
  /** Whenever this changes the field is empty and ready again. */
  again?: string | undefined;
  ref?: (input: HTMLInputElement) => void;
  children?: JSX.Element;
}) => {
  let input: HTMLInputElement | undefined;
  createEffect(
    on(
      () => props.again,
      () => {
        if (input === undefined) return;
        input.value = "";
        input.focus();
      },
      { defer: true },
    ),
  );
  return (
    <form
      class="form"
      novalidate
      onSubmit={(event) => {
        event.preventDefault();
        props.onSubmit(field(event.currentTarget, "code").replaceAll(/\D/g, ""));
      }}
    >
      <label class="field">
        <span>{props.label}</span>
        <input
          ref={(element) => {
            input = element;
            props.ref?.(element);
          }}
          class="code"
          name="code"
          type={props.secret ? "password" : "text"}
          inputmode="numeric"
          autocomplete={props.secret ? "off" : "one-time-code"}
          // Room for the spaces of "123 456"; they are dropped when sent.
          maxlength="12"
          dir="ltr"
          required
        />
      </label>
      {props.message}
      <button type="submit" class="button big primary" disabled={props.busy}>
        {props.submit}
      </button>
      {props.children}
    </form>
  );
};
