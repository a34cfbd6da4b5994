/** One plate: its rows, its numbers, and what people say of it. */
import type { DetectionView, PlateView } from "@chaverim/contracts";
import { DEFAULT_POLICY } from "@chaverim/contracts";
import { MemoryRouter, Route, createMemoryHistory } from "@solidjs/router";
import { fireEvent, render, screen, waitFor, within } from "@solidjs/testing-library";
import { beforeEach, expect, test, vi } from "vitest";
import { aDetection, aMe, aPurpose, inHours, uuidOf } from "../builders.ts";
import { following, local, openSession } from "../session.ts";
import { setLanguage } from "../settings.ts";
import { link } from "../local/sync.ts";
import { refuses, says, standIn } from "../stand-in.ts";
import PlateScreen from "./plate.tsx";

// The live channel is none of what is tested here: one that never opens.
vi.hoisted(() => {
  globalThis.WebSocket = class extends EventTarget {
    readyState = 0;
    send(): void {}
    close(): void {}
  } as unknown as typeof WebSocket;
});

const central = standIn();
const GATE = { id: uuidOf(1), name: "North Gate", area: null, heading: null };
const MILL = { id: uuidOf(2), name: "Mill Square", area: null, heading: null };

const me = aMe("operator", { investigation: aPurpose() });

/** An hour of the organisation's day, which is this machine's here. */
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const seen = (number: number, hour: number, camera = GATE, more: Partial<DetectionView> = {}): DetectionView =>
  aDetection(number, { detectedAt: new Date(2026, 10, 20, hour, number).toISOString(), camera, ...more });
const hours = (at: number, count: number) => Array.from({ length: 24 }, (_, hour) => (hour === at ? count : 0));

const view: PlateView = {
  plate: "128567",
  sightings: 3,
  firstSeen: inHours(-80),
  lastSeen: inHours(-1),
  latest: null,
  cameras: [
    { id: GATE.id, name: GATE.name, area: null, sightings: 2, lastSeen: inHours(-1), hours: hours(14, 2) },
    { id: MILL.id, name: MILL.name, area: null, sightings: 1, lastSeen: inHours(-2), hours: hours(8, 1) },
  ],
  entries: [{ id: uuidOf(5), list: "Stolen", priority: 1, reason: "Reported", expiresAt: inHours(200) }],
  notes: [],
  corrections: [],
};
const rows = [seen(3, 14), seen(2, 14, MILL), seen(1, 8, MILL)];

beforeEach(async () => {
  setLanguage("en");
  central.on("policy.read", () =>
    says({ version: 0, settings: { ...DEFAULT_POLICY, timeZone: zone }, setAt: null, setBy: null }),
  );
  central.on("auth.me", () => says(me));
  central.on("plates.seenWith", () => says({ companions: [] }));
  await openSession();
  await following().learn(me);
  await vi.waitFor(() => expect(local().facts()).toMatchObject({ user: me.user }));
});

/** Opens a plate's page. @returns what the timeline was asked for, and the address as it stands */
const open = async (
  address = "/plates#plate=128567",
  timeline: Parameters<typeof central.on>[1] = () => says({ detections: rows, cursor: null }),
) => {
  central.on("plates.read", () => says(view));
  const sent = central.on("detections.timeline", timeline);
  const history = createMemoryHistory();
  history.set({ value: address });
  render(() => (
    <MemoryRouter history={history}>
      <Route path="/plates/:plate?" component={PlateScreen} />
    </MemoryRouter>
  ));
  await screen.findByText("Stolen");
  return { sent, address: () => history.get() };
};
const shownRows = () => document.querySelectorAll(".timeline .sighting").length;

test("rows stand under their day, and a corrected one says who says otherwise", async () => {
  const corrected = { plate: "128567", by: "Rivka", at: inHours(-1), reason: "The photo" };
  const plate = { text: "12B5-67", normalized: "12B567", confidence: 0.6 };
  await open(undefined, () => says({ detections: [seen(3, 14, GATE, { corrected, plate })], cursor: null }));
  expect(await screen.findByText("read as 12B5-67, corrected by Rivka")).toBeTruthy();
  expect(document.querySelector(".day-row")?.textContent).toBe("Fri 20 Nov1");
});

test("a path of an earlier release opens the plate, and the plate leaves the path", async () => {
  const { address } = await open("/plates/128567");
  await waitFor(() => expect(address()).toBe("/plates#plate=128567"));
});

test("a camera's number opens its rows, and showing all takes it back", async () => {
  const { sent, address } = await open();
  await waitFor(() => expect(shownRows()).toBe(3));
  fireEvent.click(screen.getByRole("button", { name: "Cameras" }));
  fireEvent.click(await screen.findByRole("button", { name: /^North Gate.*2\s*sightings: show them$/ }));
  await waitFor(() => expect(sent.at(-1)).toMatchObject({ plate: "128567", cameraId: GATE.id }));
  expect(address()).toContain(GATE.id);
  fireEvent.click(await screen.findByRole("button", { name: "Show all" }));
  await waitFor(() => expect(sent.at(-1)?.["cameraId"]).toBeUndefined());
});

test("an hour's rows are looked for on every page, and repeats are none of them", async () => {
  const { sent } = await open("/plates#plate=128567&hour=14", ({ cursor }) =>
    cursor === undefined
      ? says({ detections: rows.slice(0, 1), cursor: "older" })
      : says({ detections: [...rows.slice(1), seen(4, 14, GATE, { duplicateOf: uuidOf(3) })], cursor: null }),
  );
  expect(await screen.findByText("Between 14:00 and 15:00, newest first")).toBeTruthy();
  await waitFor(() => expect(shownRows()).toBe(2));
  expect(sent.map(({ cursor }) => cursor)).toEqual([undefined, "older"]);
});

test("by camera, a day's number opens that day at that camera", async () => {
  const { sent } = await open("/plates#plate=128567&view=cameras");
  const cell = await screen.findByRole("button", { name: "2 at Mill Square on Fri 20 Nov: show them" });
  fireEvent.click(cell);
  await waitFor(() =>
    expect(sent.at(-1)).toMatchObject({
      cameraId: MILL.id,
      from: new Date(2026, 10, 20).toISOString(),
      to: new Date(2026, 10, 21).toISOString(),
    }),
  );
});

test("a correction goes out with its reason, and the row says so where it stands", async () => {
  const corrected = central.on("detections.correct", () => says(null));
  await open();
  await waitFor(() => expect(shownRows()).toBe(3));
  fireEvent.click(screen.getAllByRole("button", { name: /^Correct this reading/ })[0] as HTMLElement);
  const dialog = within(await screen.findByRole("dialog"));
  fireEvent.input(dialog.getByLabelText("The plate is"), { target: { value: "1265-67" } });
  fireEvent.click(dialog.getByRole("button", { name: "Correct" }));
  expect(dialog.getByRole("alert").textContent).toContain("Say in a few words");
  fireEvent.input(dialog.getByLabelText("Why"), { target: { value: "The photo shows a 6" } });
  fireEvent.click(dialog.getByRole("button", { name: "Correct" }));
  expect(await screen.findByText("read as 1285-67, corrected by Dov")).toBeTruthy();
  expect(corrected).toEqual([{ detectionId: uuidOf(3), plate: "126567", reason: "The photo shows a 6" }]);
});

/** Central's answers to what this device asks by itself, so that the line is there. */
const lineIsBack = async (): Promise<void> => {
  central.on("system.info", () =>
    says({ name: "", version: "", serverTime: new Date().toISOString(), simulated: false, installed: true }),
  );
  central.on("alerts.since", () => says({ alerts: [], cursor: 0, more: false, reset: false }));
  central.on("detections.recent", () => says({ detections: [], cursor: null }));
  await vi.waitFor(() => {
    following().check();
    expect(["live", "slow"]).toContain(link().kind);
  });
};
const noLine = (): never => {
  throw new TypeError("Failed to fetch");
};

test("an older page that fails is asked for once, told where the list ends, and again when it is wanted", async () => {
  let isAway = true;
  const { sent } = await open("/plates#plate=128567&hour=14", ({ cursor }) => {
    if (cursor === undefined) return says({ detections: rows.slice(0, 1), cursor: "older" });
    return isAway ? refuses("too_slow", 422) : says({ detections: rows.slice(1), cursor: null });
  });
  expect(await screen.findByText(/^The next page did not load\. This takes too long/)).toBeTruthy();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(sent).toHaveLength(2);
  isAway = false;
  fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  await waitFor(() => expect(shownRows()).toBe(2));
  expect(screen.getByText("That is all that is stored.")).toBeTruthy();
});

test("a timeline that finds no line takes nothing away of what is known, and is asked for again when it is back", async () => {
  let isAway = true;
  await open(undefined, () => (isAway ? noLine() : says({ detections: rows, cursor: null })));
  expect(await screen.findByText("Needs a connection")).toBeTruthy();
  expect(screen.getByText("Stolen")).toBeTruthy();
  isAway = false;
  await lineIsBack();
  await waitFor(() => expect(shownRows()).toBe(3));
});

test("what was loaded stays when the line goes, and what failed is asked for again when it is back", async () => {
  let isAway = true;
  central.on("plates.seenWith", () => (isAway ? noLine() : says({ companions: [] })));
  await open();
  await waitFor(() => expect(shownRows()).toBe(3));
  fireEvent.click(screen.getByRole("button", { name: "Seen with" }));
  expect(await screen.findByText("Needs a connection")).toBeTruthy();
  expect(screen.getByText("Stolen")).toBeTruthy();
  isAway = false;
  await lineIsBack();
  expect(await screen.findByText("No plate passed with it that often.")).toBeTruthy();
});

test("without any answer the device's rows stand, with a way to try again", async () => {
  central.on("plates.read", noLine);
  central.on("detections.timeline", noLine);
  const history = createMemoryHistory();
  history.set({ value: "/plates#plate=128567" });
  render(() => (
    <MemoryRouter history={history}>
      <Route path="/plates/:plate?" component={PlateScreen} />
    </MemoryRouter>
  ));
  expect(await screen.findByText("Not among the newest detections on this device")).toBeTruthy();
  central.on("plates.read", () => says(view));
  central.on("detections.timeline", () => says({ detections: rows, cursor: null }));
  fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  await waitFor(() => expect(shownRows()).toBe(3));
});

test("by camera, older pages are counted until there are seven whole days, and it is said how many were counted", async () => {
  const daysFrom = (first: number, count: number) =>
    Array.from({ length: count }, (_, back) =>
      seen(first - back, 9, GATE, { detectedAt: new Date(2026, 10, first - back, 9).toISOString() }),
    );
  const { sent } = await open("/plates#plate=128567&view=cameras", ({ cursor }) =>
    cursor === undefined
      ? says({ detections: daysFrom(20, 4), cursor: "older" })
      : says({ detections: daysFrom(16, 5), cursor: "oldest" }),
  );
  expect(await screen.findByText("Counted: the newest 7 sightings.")).toBeTruthy();
  expect(document.querySelectorAll(".camera-days thead .number")).toHaveLength(7);
  expect(sent.map(({ cursor }) => cursor)).toEqual([undefined, "older"]);
});

test("j and k move among the sightings, with a Hebrew layout too", async () => {
  await open();
  await waitFor(() => expect(shownRows()).toBe(3));
  const key = (name: string, code: string) =>
    (document.activeElement ?? document.body).dispatchEvent(
      new KeyboardEvent("keydown", { key: name, code, bubbles: true, cancelable: true }),
    );
  const place = () => [...document.querySelectorAll(".timeline .sighting")].indexOf(document.activeElement as Element);
  key("j", "KeyJ");
  expect(place()).toBe(0);
  key("ח", "KeyJ");
  expect(place()).toBe(1);
  key("ל", "KeyK");
  expect(place()).toBe(0);
});

test("a fragment that is no plate's name is looked up by nobody", async () => {
  const read = central.on("plates.read", () => says(view));
  const history = createMemoryHistory();
  history.set({ value: "/plates#main" });
  render(() => (
    <MemoryRouter history={history}>
      <Route path="/plates/:plate?" component={PlateScreen} />
    </MemoryRouter>
  ));
  expect(await screen.findByText("No plate in this address")).toBeTruthy();
  expect([read, history.get()]).toEqual([[], "/plates#main"]);
});
