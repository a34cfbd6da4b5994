/** What an entry of a list may match, and until when. */
import type { MatchStrategy, Me } from "@chaverim/contracts";
import { fireEvent, render, screen } from "@solidjs/testing-library";
import { beforeEach, expect, test, vi } from "vitest";
import { uuidOf } from "../builders.ts";
import { openSession } from "../session.ts";
import { setLanguage } from "../settings.ts";
import { says, standIn } from "../stand-in.ts";
import { EntryForm } from "./entry-form.tsx";

vi.hoisted(() => {
  globalThis.WebSocket = class extends EventTarget {
    readyState = 0;
    send(): void {}
    close(): void {}
  } as unknown as typeof WebSocket;
});
const central = standIn();
beforeEach(async () => {
  setLanguage("en");
  const me: Partial<Me> = {
    user: { id: uuidOf(7), email: "dov@example.org", name: "Dov", role: "operator", area: null, trainedOn: null },
  };
  central.on("auth.me", () => says(me));
  await openSession();
});

const list = { id: uuidOf(1), name: "Stolen", priority: 1 as const, field: true, entries: [] };
const open = (plate: string, match?: MatchStrategy) =>
  render(() => (
    <EntryForm
      open
      lists={[list]}
      plate={plate}
      {...(match === undefined ? {} : { match })}
      days={14}
      listId={undefined}
      onClose={() => undefined}
      onAdded={() => undefined}
    />
  ));
const ways = () => screen.getAllByRole("radio").map((radio) => (radio as HTMLInputElement).value);
const chosen = () =>
  screen.getAllByRole("radio").filter((radio) => (radio as HTMLInputElement).checked) as HTMLInputElement[];
const hit = (plate: string) => ({ plate });

test("a plate is watched with look-alikes, alone, or with one mistake, which warns of false alarms", () => {
  open("1285-67");
  expect(ways()).toEqual(["look-alike", "exact", "near"]);
  expect(chosen().map(({ value }) => value)).toEqual(["look-alike"]);
  expect(screen.getByText(/More false alarms: always look/)).toBeTruthy();
});

test("what is left out with a wildcard is watched as a pattern, as soon as it is typed", () => {
  open("1285-67", "exact");
  expect(chosen().map(({ value }) => value)).toEqual(["exact"]);
  fireEvent.input(screen.getByDisplayValue("1285-67"), { target: { value: "12?5-67" } });
  expect(ways()).toEqual(["pattern"]);
  expect(chosen().map(({ value }) => value)).toEqual(["pattern"]);
});

test("an entry goes out as it stands, and ends when it was told to", async () => {
  const sent = central.on("watchlists.addEntry", () => says({ entry: { plate: "12?567" }, alreadyListed: [] }));
  open("12?5-67");
  const ends = (screen.getByLabelText("Ends on") as HTMLInputElement).value;
  expect(Math.round((Date.parse(ends) - Date.now()) / 86_400_000)).toBeGreaterThanOrEqual(13);
  fireEvent.input(screen.getByLabelText("Reason"), { target: { value: "A witness" } });
  fireEvent.submit(document.querySelector("form") as HTMLFormElement);
  await vi.waitFor(() => expect(sent).toHaveLength(1));
  expect(sent[0]).toMatchObject({ plate: "12?5-67", match: "pattern", reason: "A witness" });
});

test("a preview names what would match, and for one mistake nothing that took two", async () => {
  const asked = central.on("detections.search", () =>
    says({ understood: {}, hits: ["128567", "12B567", "123567", "123568"].map(hit), cursor: null }),
  );
  open("1285-67", "near");
  expect(asked).toEqual([]);
  fireEvent.click(screen.getByRole("button", { name: "What would it match?" }));
  expect(await screen.findByText("Of the plates seen so far: 128567, 12B567, 123567.")).toBeTruthy();
  expect(asked[0]).toMatchObject({ plate: "1285-67", way: "similar" });
});

test("a pattern that fits too many plates is refused before it is sent", () => {
  open("1?");
  fireEvent.input(screen.getByLabelText("Reason"), { target: { value: "A witness" } });
  fireEvent.submit(document.querySelector("form") as HTMLFormElement);
  expect(screen.getByRole("alert").textContent).toContain("Too many plates fit");
});
