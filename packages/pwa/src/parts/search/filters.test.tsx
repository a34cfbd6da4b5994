/** Filters: what is set stays set, whatever is known of the cameras. */
import type { MapCamera } from "@chaverim/contracts";
import { fireEvent, render, screen, within } from "@solidjs/testing-library";
import { createSignal } from "solid-js";
import { beforeEach, expect, test } from "vitest";
import { uuidOf } from "../../builders.ts";
import { setLanguage } from "../../settings.ts";
import { says, standIn } from "../../stand-in.ts";
import { Filters } from "./filters.tsx";
import type { SearchChange, SearchState } from "./question.ts";

const central = standIn();
beforeEach(() => setLanguage("en"));

const GATE: MapCamera = {
  id: uuidOf(1),
  name: "North Gate",
  area: "North",
  position: null,
  heading: null,
  health: "live",
  lastDetectionAt: null,
  perHour: [],
};

/** Shows the filters of an address. @returns the address as it stands, and what was changed last */
const open = (address: SearchState) => {
  const [state, setState] = createSignal<SearchState>(address);
  let changed: SearchChange | undefined;
  const change = (next: SearchChange): void => {
    changed = next;
    setState((before) => ({ ...before, ...next }));
  };
  render(() => <Filters state={state()} onChange={change} />);
  return { state, changed: () => changed };
};
const show = async (): Promise<void> => {
  fireEvent.click(screen.getByRole("button", { name: "Filters" }));
  fireEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Show" }));
};

const whole: SearchState = {
  cameras: `${uuidOf(1)},${uuidOf(2)}`,
  area: "North",
  from: "2026-11-22T20:00",
  to: "2026-11-22T21:00:30",
  listed: "no",
  sure: "75",
  direction: "left",
  vehicle: "white van",
};

test("Show before the cameras are known takes nothing away", async () => {
  central.on("map.cameras", () => new Promise<Response>(() => undefined));
  const { state } = open(whole);
  await show();
  expect(state()).toEqual({ ...whole, unread: undefined });
});

test("Show with the cameras takes nothing away, not even one that is there no more", async () => {
  central.on("map.cameras", () => says({ cameras: [GATE] }));
  const { state } = open(whole);
  expect(await screen.findByRole("button", { name: "Remove the filter North Gate" })).toBeTruthy();
  await show();
  expect(state()).toEqual({ ...whole, unread: undefined });
});

test("what is not in the form is left as it is, and what is emptied is taken away", async () => {
  central.on("map.cameras", () => says({ cameras: [GATE] }));
  const { changed } = open({ q: "128567", unread: "1", area: "North" });
  fireEvent.click(screen.getByRole("button", { name: "Filters" }));
  const dialog = within(await screen.findByRole("dialog"));
  fireEvent.click(await dialog.findByRole("checkbox", { name: /North Gate/ }));
  fireEvent.change(dialog.getByLabelText("Area"), { target: { value: "" } });
  fireEvent.click(dialog.getByRole("button", { name: "Show" }));
  expect(changed()).toMatchObject({ cameras: GATE.id, area: undefined });
  expect(changed()).not.toHaveProperty("unread");
});

test("a chip that stays keeps the focus, and the one that follows a removed one takes it over", () => {
  const { state } = open({ area: "North", sure: "75", vehicle: "white van" });
  const chip = (name: string) => screen.getByRole("button", { name: new RegExp(`^Remove the filter ${name}`) });
  chip("at least 75").focus();
  fireEvent.click(chip("white van"));
  expect(document.activeElement).toBe(chip("at least 75"));
  fireEvent.click(chip("North"));
  expect(state()).toMatchObject({ area: undefined, sure: "75", vehicle: undefined });
  expect(screen.getAllByRole("button", { name: /^Remove/ })).toHaveLength(1);
});
