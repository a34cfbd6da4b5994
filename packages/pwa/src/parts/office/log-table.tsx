/**
 * Entries of the access log as a table on the desktop and as cards on the phone.
 * Rule: one line a fact; a row opens by its time, with the keyboard too.
 */
import type { LogEntryView, PurposeCode } from "@chaverim/contracts";
import { For, Show } from "solid-js";
import { momentLabel } from "../../clock.ts";
import { w } from "../../i18n/office.ts";
import { LogOutcomeMark, LogPerson, LogPurpose, actionWords } from "./log-words.tsx";
import { PlateChip } from "../plate-chip.tsx";

const HEADS = ["log.time", "log.person", "log.action", "log.plate", "log.purpose", "log.shown", "log.outcome"] as const;

const Row = (props: {
  entry: LogEntryView;
  purposes: readonly PurposeCode[];
  selected: boolean;
  onSelect: (() => void) | undefined;
}) => {
  const time = () => momentLabel(props.entry.at, true);
  return (
    <tr
      classList={{ selected: props.selected, opens: props.onSelect !== undefined }}
      onClick={() => props.onSelect?.()}
    >
      <td class="cell-when">
        <Show when={props.onSelect} fallback={<bdi>{time()}</bdi>}>
          <button
            type="button"
            class="log-open"
            aria-pressed={props.selected}
            aria-label={w("log.open", {
              action: actionWords(props.entry.action),
              name: props.entry.userName ?? w("log.system"),
              time: time(),
            })}
            onClick={(event) => {
              event.stopPropagation();
              props.onSelect?.();
            }}
          >
            <bdi>{time()}</bdi>
          </button>
        </Show>
      </td>
      <td class="cell-who">
        <LogPerson entry={props.entry} />
      </td>
      <td class="cell-what">{actionWords(props.entry.action)}</td>
      <td class="cell-plate-chip">
        <Show when={props.entry.plate} fallback={<span class="quiet only-desk">–</span>}>
          {(plate) => <PlateChip text={plate()} size="small" />}
        </Show>
      </td>
      <td class="cell-why">
        <LogPurpose entry={props.entry} purposes={props.purposes} />
      </td>
      <td class="number cell-rows" data-label={w("log.shown")}>
        {props.entry.resultCount ?? "–"}
      </td>
      <td class="cell-result">
        <LogOutcomeMark entry={props.entry} />
      </td>
    </tr>
  );
};

export const LogTable = (props: {
  label: string;
  entries: readonly LogEntryView[];
  purposes: readonly PurposeCode[];
  selected?: number | undefined;
  onSelect?: (entry: LogEntryView) => void;
}) => (
  <table class="office-table log" aria-label={props.label}>
    <thead>
      <tr>
        <For each={HEADS}>
          {(key) => (
            <th scope="col" classList={{ number: key === "log.shown" }}>
              {w(key)}
            </th>
          )}
        </For>
      </tr>
    </thead>
    <tbody>
      <For each={props.entries}>
        {(entry) => (
          <Row
            entry={entry}
            purposes={props.purposes}
            selected={entry.id === props.selected}
            onSelect={props.onSelect === undefined ? undefined : () => props.onSelect?.(entry)}
          />
        )}
      </For>
    </tbody>
  </table>
);
