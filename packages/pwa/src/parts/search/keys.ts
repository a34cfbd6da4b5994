/**
 * The keyboard of a list of results: j and k move, Enter opens, m shows the map, Esc clears.
 * Rule: moves the focus itself, so that Enter and a screen reader need nothing of their own; silent when switched off or
 * while somebody types or answers a dialog.
 */
import { onCleanup } from "solid-js";
import { shortcuts } from "../../settings.ts";

const rows = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("[data-hit]")];

const move = (steps: number): void => {
  const all = rows();
  const here = all.findIndex((row) => row === document.activeElement);
  const next = here < 0 ? all[steps > 0 ? 0 : all.length - 1] : all[here + steps];
  next?.focus();
};

/** @param acts.map shows a plate's route; @param acts.clear empties the box */
export const followResultKeys = (acts: { map: (plate: string) => void; clear: () => void }): void => {
  const onKey = (event: KeyboardEvent): void => {
    if (!shortcuts() || event.ctrlKey || event.metaKey || event.altKey || !(event.target instanceof HTMLElement))
      return;
    if (document.querySelector("[role=dialog]") !== null) return;
    const isTyping = event.target.closest("input:not([type=radio]), textarea, select") !== null;
    const plate = document.activeElement instanceof HTMLElement ? document.activeElement.dataset["hit"] : undefined;
    if (event.key === "Escape" && (!isTyping || event.target.matches("[data-search]"))) acts.clear();
    else if (isTyping) return;
    else if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "m" && plate !== undefined) acts.map(plate);
    else return;
    event.preventDefault();
  };
  addEventListener("keydown", onKey);
  onCleanup(() => removeEventListener("keydown", onKey));
};
