/** Saved searches and what of one can be watched. */
import type { SavedSearch } from "@chaverim/contracts";
import { DEFAULT_POLICY } from "@chaverim/contracts";
import { MemoryRouter, Route } from "@solidjs/router";
import { fireEvent, render, screen, waitFor, within } from "@solidjs/testing-library";
import { beforeEach, expect, test, vi } from "vitest";
import { aMe, inHours, uuidOf } from "../../builders.ts";
import { following, local, openSession } from "../../session.ts";
import { setLanguage } from "../../settings.ts";
import { says, standIn } from "../../stand-in.ts";
import { askedOf } from "./question.ts";
import { SaveSheet, SavedList } from "./saved.tsx";
import { WatchSheet, watchOf } from "./watch-sheet.tsx";

// The live channel is none of what is tested here: one that never opens.
vi.hoisted(() => {
  globalThis.WebSocket = class extends EventTarget {
    readyState = 0;
    send(): void {}
    close(): void {}
  } as unknown as typeof WebSocket;
});

const central = standIn();
const me = aMe();

beforeEach(async () => {
  setLanguage("en");
  central.on("policy.read", () => says({ version: 0, settings: DEFAULT_POLICY, setAt: null, setBy: null }));
  central.on("auth.me", () => says(me));
  await openSession();
  await following().learn(me);
  await vi.waitFor(() => expect(local().facts()).toMatchObject({ user: me.user }));
});

const kept = (name: string, more: Partial<SavedSearch>): SavedSearch => ({
  id: uuidOf(name.length),
  name,
  text: "",
  way: "similar",
  filters: {},
  unread: false,
  savedAt: inHours(-1),
  ...more,
});

test("one without a plate opens as it was, and is not offered for watching", async () => {
  const list = [
    kept("Vans", { filters: { vehicle: "white van", area: "North" }, unread: true }),
    kept("Plate", { text: "12?5*" }),
  ];
  const saved = { list: () => list, isLoaded: () => true, refresh: () => undefined, remove: () => undefined };
  render(() => (
    <MemoryRouter>
      <Route path="*" component={() => <SavedList saved={saved} onWatch={() => undefined} />} />
    </MemoryRouter>
  ));
  const link = await screen.findByRole("link", { name: /Vans/ });
  expect(link.getAttribute("href")).toBe("/search#area=North&vehicle=white+van&unread=1");
  expect(link.textContent).toContain("3 filters");
  expect(link.querySelector(".plate")).toBeNull();
  expect(screen.queryByRole("button", { name: "Watch Vans" })).toBeNull();
  expect(screen.getByRole("button", { name: "Watch Plate" })).toBeTruthy();
});

test("a search by filters alone is kept without a text", async () => {
  const sent = central.on("searches.save", () => says({ id: uuidOf(1) }));
  const search = { text: "", way: "similar", filters: { vehicle: "white van" }, unread: false } as const;
  render(() => <SaveSheet open search={search} onClose={() => undefined} onSaved={() => undefined} />);
  const dialog = within(await screen.findByRole("dialog"));
  fireEvent.input(dialog.getByLabelText("Name"), { target: { value: "Vans" } });
  fireEvent.click(dialog.getByRole("button", { name: "Save" }));
  const { text, ...rest } = search;
  await waitFor(() => expect(sent).toEqual([{ name: "Vans", plate: text, ...rest }]));
});

test.each([
  [{ q: "1285-67" }, "look-alike", "mistakes"],
  [{ q: "1285-67", way: "harder", area: "North" }, "look-alike", "both"],
  [{ q: "1285-67", way: "look-alike" }, "look-alike", undefined],
  [{ q: "1285-67", way: "exact", area: "North" }, "exact", "filters"],
  [{ q: "12?5*" }, "pattern", undefined],
  [{ q: "12?5*", sure: "80" }, "pattern", "filters"],
] as const)("of %j a watch takes %s and leaves out: %s", (state, match, without) => {
  const asked = askedOf(state, true);
  expect(asked.kind === "plates" && watchOf(asked)).toMatchObject({ match, without });
});

test("what a watch leaves out is said before the plate is added", async () => {
  const list = { id: uuidOf(1), name: "Stolen", priority: 1, field: true, entries: [] };
  central.on("watchlists.list", () => says([list]));
  render(() => (
    <WatchSheet watch={{ plate: "128567", match: "look-alike", without: "both" }} onClose={() => undefined} />
  ));
  expect(await screen.findByText(/The filters and the other mistakes .* are not part of it\./)).toBeTruthy();
});
