/**
 * The keyboard of a list of results: j and k move, Enter opens, m shows the map, Esc clears; from the box, the arrow down
 * leads to the first.
 * Rule: moves the focus itself, so that Enter and a screen reader need nothing of their own; silent when switched off or
 * while somebody types or answers a dialog. A letter is the key that has it, or its place where the layout has other letters.
 */
import { onCleanup } from "solid-js";
import { shortcuts } from "../../settings.ts";

/** Says whether a letter was pressed; with a layout such as Hebrew, the key where it is on the Latin one. */
export const isLetter = ({ key, code, shiftKey }: KeyboardEvent, letter: string): boolean =>
  !shiftKey && (/^[a-z]$/i.test(key) ? key.toLowerCase() === letter : code === `Key${letter.toUpperCase()}`);

const rows = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("[data-hit]")];

const move = (steps: number): void => {
  const all = rows();
  const here = all.findIndex((row) => row === document.activeElement);
  const next = here < 0 ? all[steps > 0 ? 0 : all.length - 1] : all[here + steps];
  next?.focus();
};

/** Opens what a row that is no link itself holds first: its plate, its photo, or its correction. */
const openRow = (row: HTMLElement): boolean => {
  const target = row.matches("a, button") ? null : row.querySelector<HTMLElement>("a, button");
  target?.click();
  return target !== null;
};

const isDialogOpen = (): boolean => document.querySelector("[role=dialog]") !== null;

/**
 * @param acts.map shows a plate's route
 * @param acts.clear empties the box; without it Esc does nothing
 */
export const followResultKeys = (acts: { map: (plate: string) => void; clear?: () => void }): void => {
  /** A dialog that the same key closes is gone when the key arrives here. */
  let wasDialogOpen = false;
  const onKeyFirst = (): void => {
    wasDialogOpen = isDialogOpen();
  };
  const act = (event: KeyboardEvent, target: HTMLElement): boolean => {
    const isBox = target.matches("[data-search]");
    const isTyping = target.closest("input:not([type=radio]), textarea, select") !== null;
    const row = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    const plate = row?.dataset["hit"];
    if (event.key === "Escape" && acts.clear !== undefined && (!isTyping || isBox)) acts.clear();
    else if (event.key === "ArrowDown" && isBox && rows().length > 0) rows()[0]?.focus();
    else if (isTyping) return false;
    else if (isLetter(event, "j")) move(1);
    else if (isLetter(event, "k")) move(-1);
    else if (isLetter(event, "m") && plate) acts.map(plate);
    else if (event.key === "Enter" && row !== null && plate !== undefined) return openRow(row);
    else return false;
    return true;
  };
  const onKey = (event: KeyboardEvent): void => {
    if (!shortcuts() || event.ctrlKey || event.metaKey || event.altKey || !(event.target instanceof HTMLElement))
      return;
    if (event.defaultPrevented || event.isComposing || wasDialogOpen || isDialogOpen()) return;
    if (act(event, event.target)) event.preventDefault();
  };
  addEventListener("keydown", onKeyFirst, { capture: true });
  addEventListener("keydown", onKey);
  onCleanup(() => {
    removeEventListener("keydown", onKeyFirst, { capture: true });
    removeEventListener("keydown", onKey);
  });
};

/**
 * After a search was sent from its box: the first result has the focus when the answer comes, unless the person has gone on
 * to something else, or to another search.
 */
export const createGoToFirst = (): { sent: () => void; answered: () => void } => {
  let sentText: string | null = null;
  const box = (): HTMLInputElement | null => {
    const focused = document.activeElement;
    return focused instanceof HTMLInputElement && focused.matches("[data-search]") ? focused : null;
  };
  return {
    sent: () => {
      sentText = box()?.value.trim() ?? null;
    },
    answered: () => {
      if (sentText !== null && box()?.value.trim() === sentText) rows()[0]?.focus();
      sentText = null;
    },
  };
};
