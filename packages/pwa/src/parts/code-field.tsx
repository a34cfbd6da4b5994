/**
 * The form for a six-digit code.
 * Rule: spaces and dashes that come with a paste are dropped; the sixth digit does not send by itself.
 */
import type { JSX } from "solid-js";
import { field } from "./form.ts";

export const CodeField = (props: {
  label: string;
  submit: string;
  busy: boolean;
  message: JSX.Element;
  onSubmit: (digits: string) => void;
  ref?: (input: HTMLInputElement) => void;
  children?: JSX.Element;
}) => (
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
        ref={(input) => props.ref?.(input)}
        class="code"
        name="code"
        inputmode="numeric"
        autocomplete="one-time-code"
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
