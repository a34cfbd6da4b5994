/**
 * Elements of quarantine as a table on the desktop and as cards on the phone.
 * Rule: a row opens by its reason, with the keyboard too; the bytes themselves are never in a row.
 */
import type { QuarantineView } from "@chaverim/contracts";
import { For, Show } from "solid-js";
import { w } from "../../i18n/office.ts";
import { longMoment } from "../training.ts";
import { bytesLabel } from "./measures.ts";
import { whyWords } from "./quarantine-words.ts";

const HEADS = ["quarantine.reason", "quarantine.collector", "quarantine.received", "quarantine.size"] as const;

const sizeWords = ({ bytes, images }: QuarantineView): string =>
  [bytesLabel(bytes), images > 0 ? w("quarantine.pictures", { count: images }) : ""].filter(Boolean).join(" · ");

const Row = (props: { element: QuarantineView; selected: boolean; onSelect: () => void }) => (
  <tr class="opens" classList={{ selected: props.selected }} onClick={() => props.onSelect()}>
    <th scope="row" class="cell-reason">
      <button
        type="button"
        class="log-open"
        aria-pressed={props.selected}
        aria-label={w("quarantine.openItem", {
          reason: whyWords(props.element.reason),
          name: props.element.collector.name,
          time: longMoment(props.element.receivedAt),
        })}
        onClick={(event) => {
          event.stopPropagation();
          props.onSelect();
        }}
      >
        {whyWords(props.element.reason)}
      </button>
    </th>
    <td class="cell-from">
      <bdi>{props.element.collector.name}</bdi>
    </td>
    <td class="cell-when">
      <bdi>{longMoment(props.element.receivedAt)}</bdi>
    </td>
    <td class="cell-size quiet">{sizeWords(props.element)}</td>
    <td class="cell-decided">
      <Show when={props.element.decided}>
        {(decided) => (
          <>
            {w(`quarantine.${decided().decision}`)} <bdi class="quiet">{decided().by}</bdi>
          </>
        )}
      </Show>
    </td>
  </tr>
);

export const QuarantineTable = (props: {
  elements: readonly QuarantineView[];
  /** Whether a column says what was decided. */
  decided: boolean;
  selected: string | undefined;
  onSelect: (element: QuarantineView) => void;
}) => (
  <table class="office-table quarantine" classList={{ undecided: !props.decided }} aria-label={w("quarantine.rows")}>
    <thead>
      <tr>
        <For each={HEADS}>{(key) => <th scope="col">{w(key)}</th>}</For>
        <Show when={props.decided} fallback={<td class="cell-decided" />}>
          <th scope="col" class="cell-decided">
            {w("quarantine.decide")}
          </th>
        </Show>
      </tr>
    </thead>
    <tbody>
      <For each={props.elements}>
        {(element) => (
          <Row element={element} selected={element.id === props.selected} onSelect={() => props.onSelect(element)} />
        )}
      </For>
    </tbody>
  </table>
);
