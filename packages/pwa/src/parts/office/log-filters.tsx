/**
 * The filters of the access log.
 * Rule: they live in the address, so that what one administrator found another can open.
 */
import { LOG_OUTCOMES } from "@chaverim/contracts";
import SlidersHorizontal from "lucide-solid/icons/sliders-horizontal";
import { For, type JSX, Show, createSignal } from "solid-js";
import { officeKeys, w } from "../../i18n/office.ts";
import type { LogSearch } from "./log-question.ts";

const Filter = (props: { label: string; children: JSX.Element }) => (
  <label class="filter">
    <span>{props.label}</span>
    {props.children}
  </label>
);

export const LogFilters = (props: {
  search: LogSearch;
  people: readonly { id: string; name: string }[];
  onChange: (change: LogSearch) => void;
}) => {
  /** On the phone the plate alone is asked for until somebody wants more. */
  const [open, setOpen] = createSignal(false);
  const isFiltered = () => Object.values(props.search).some((value) => value !== undefined);
  const change = (name: keyof LogSearch) => (event: { currentTarget: HTMLInputElement | HTMLSelectElement }) =>
    props.onChange({ [name]: event.currentTarget.value.trim() || undefined });
  return (
    <form
      class="filters"
      classList={{ folded: !open() }}
      role="search"
      aria-label={w("log.filters")}
      onSubmit={(event) => event.preventDefault()}
    >
      <Filter label={w("log.plate")}>
        <input
          class="filter-plate"
          value={props.search.plate ?? ""}
          maxlength="40"
          autocomplete="off"
          autocapitalize="characters"
          spellcheck={false}
          dir="ltr"
          onChange={change("plate")}
        />
      </Filter>
      <button type="button" class="button only-phone" aria-expanded={open()} onClick={() => setOpen((shown) => !shown)}>
        <SlidersHorizontal aria-hidden="true" />
        {w("log.filters")}
      </button>
      <Filter label={w("log.person")}>
        <select onChange={change("person")}>
          <option value="">{w("log.anyone")}</option>
          <For each={props.people}>
            {(person) => (
              <option value={person.id} selected={person.id === props.search.person}>
                {person.name}
              </option>
            )}
          </For>
        </select>
      </Filter>
      <Filter label={w("log.action")}>
        <select onChange={change("action")}>
          <option value="">{w("log.all")}</option>
          <For each={officeKeys("action.")}>
            {(key) => (
              <option value={key.slice("action.".length)} selected={key === `action.${props.search.action}`}>
                {w(key)}
              </option>
            )}
          </For>
        </select>
      </Filter>
      <Filter label={w("log.outcome")}>
        <select onChange={change("outcome")}>
          <option value="">{w("log.all")}</option>
          <For each={LOG_OUTCOMES}>
            {(outcome) => (
              <option value={outcome} selected={outcome === props.search.outcome}>
                {w(`log.outcome.${outcome}`)}
              </option>
            )}
          </For>
        </select>
      </Filter>
      <Filter label={w("log.from")}>
        <input type="date" value={props.search.from ?? ""} max={props.search.to} onChange={change("from")} />
      </Filter>
      <Filter label={w("log.to")}>
        <input type="date" value={props.search.to ?? ""} min={props.search.from} onChange={change("to")} />
      </Filter>
      <Show when={isFiltered()}>
        <button
          type="button"
          class="button quiet-button"
          onClick={() =>
            props.onChange({
              plate: undefined,
              person: undefined,
              action: undefined,
              outcome: undefined,
              from: undefined,
              to: undefined,
            })
          }
        >
          {w("log.clear")}
        </button>
      </Show>
    </form>
  );
};
