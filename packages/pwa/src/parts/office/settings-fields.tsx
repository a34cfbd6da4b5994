/**
 * The fields of the settings: numbers with their unit, switches, text of several lines.
 * Rule: every field has its label and says what it does to people.
 */
import { type JSX, Show, createUniqueId } from "solid-js";

export const NumberField = (props: {
  label: string;
  unit: string;
  value: number;
  min: number;
  max: number;
  hint?: string;
  onInput: (value: number) => void;
}) => {
  const id = createUniqueId();
  return (
    <div class="field number-field">
      <label for={id}>{props.label}</label>
      <span class="number-line">
        <input
          id={id}
          type="number"
          inputmode="numeric"
          value={props.value}
          min={props.min}
          max={props.max}
          step="1"
          required
          dir="ltr"
          aria-describedby={`${id}-unit`}
          // An emptied field waits for its number; the browser asks for it when the form is saved.
          onInput={({ currentTarget }) =>
            Number.isNaN(currentTarget.valueAsNumber) || props.onInput(currentTarget.valueAsNumber)
          }
        />
        <span id={`${id}-unit`}>{props.unit}</span>
      </span>
      <Show when={props.hint}>{(hint) => <small>{hint()}</small>}</Show>
    </div>
  );
};

export const SwitchField = (props: {
  label: string;
  hint?: JSX.Element;
  checked: boolean;
  onChange: (checked: boolean) => void;
}) => (
  <label class="switch-field">
    <input type="checkbox" checked={props.checked} onChange={(event) => props.onChange(event.currentTarget.checked)} />
    <span>
      {props.label}
      <Show when={props.hint}>
        <small>{props.hint}</small>
      </Show>
    </span>
  </label>
);

export const TextField = (props: {
  label: string;
  value: string;
  max: number;
  min?: number;
  hint?: string;
  onInput: (value: string) => void;
}) => {
  const id = createUniqueId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <input
        id={id}
        value={props.value}
        minlength={props.min}
        maxlength={props.max}
        required={(props.min ?? 0) > 0}
        autocomplete="off"
        dir="auto"
        aria-describedby={props.hint === undefined ? undefined : `${id}-hint`}
        onInput={(event) => props.onInput(event.currentTarget.value)}
      />
      <Show when={props.hint}>{(hint) => <small id={`${id}-hint`}>{hint()}</small>}</Show>
    </div>
  );
};

export const LongTextField = (props: {
  label: string;
  value: string;
  max: number;
  hint: string;
  onInput: (value: string) => void;
}) => {
  const id = createUniqueId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <small id={`${id}-hint`}>{props.hint}</small>
      <textarea
        id={id}
        rows="3"
        value={props.value}
        maxlength={props.max}
        dir="auto"
        aria-describedby={`${id}-hint`}
        onInput={(event) => props.onInput(event.currentTarget.value)}
      />
    </div>
  );
};
