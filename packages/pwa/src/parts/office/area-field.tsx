/**
 * The area of a person or a camera: one that a camera has, or a new one.
 * Rule: empty is everywhere, and says so.
 */
import type { CollectorView } from "@chaverim/contracts";
import { For, Show, createUniqueId } from "solid-js";
import { w } from "../../i18n/office.ts";
import { mayI } from "../../session.ts";
import { trpc } from "../../trpc.ts";
import { createOnline } from "../online.ts";

/** The areas of all cameras, each once, in order. */
const areasOf = (collectors: readonly CollectorView[]): string[] =>
  [
    ...new Set(collectors.flatMap(({ cameras }) => cameras.flatMap(({ area }) => (area === null ? [] : [area])))),
  ].toSorted((one, other) => one.localeCompare(other));

/** Asked once when a form opens; without an answer the field is plain text. */
export const createAreas = (): (() => readonly string[]) => {
  const collectors = createOnline(
    () => (mayI("see_collectors") ? "all" : null),
    (_all, signal) => trpc.collectors.list.query(undefined, { signal }),
  );
  return () => areasOf(collectors.answer() ?? []);
};

export const AreaField = (props: {
  label: string;
  value: string;
  areas: readonly string[];
  hint?: string;
  /** What stands in the empty field. */
  placeholder?: string;
}) => {
  const id = createUniqueId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <input
        id={id}
        name="area"
        list={`${id}-areas`}
        value={props.value}
        placeholder={props.placeholder ?? w("office.everywhere")}
        maxlength="60"
        autocomplete="off"
        dir="auto"
        aria-describedby={props.hint === undefined ? undefined : `${id}-hint`}
      />
      <datalist id={`${id}-areas`}>
        <For each={props.areas}>{(area) => <option value={area} />}</For>
      </datalist>
      <Show when={props.hint}>{(hint) => <small id={`${id}-hint`}>{hint()}</small>}</Show>
    </div>
  );
};
