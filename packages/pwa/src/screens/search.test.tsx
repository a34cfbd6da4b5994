/** Searching under the organisation's rules: a purpose first, and calm words where looking is closed. */
import type { Me, PlateHit, Role } from "@chaverim/contracts";
import { DEFAULT_POLICY } from "@chaverim/contracts";
import { MemoryRouter, Route, createMemoryHistory } from "@solidjs/router";
import { render, screen, waitFor } from "@solidjs/testing-library";
import { beforeEach, expect, test, vi } from "vitest";
import { asked, settle } from "../asking.ts";
import { aDetection, uuidOf } from "../builders.ts";
import { following, local, openSession } from "../session.ts";
import { setLanguage } from "../settings.ts";
import { refuses, says, standIn } from "../stand-in.ts";
import SearchScreen from "./search.tsx";

// The live channel is none of what is tested here: one that never opens.
vi.hoisted(() => {
  globalThis.WebSocket = class extends EventTarget {
    readyState = 0;
    send(): void {}
    close(): void {}
  } as unknown as typeof WebSocket;
});

const central = standIn();
const HOUR_MS = 3_600_000;
const inHours = (hours: number): string => new Date(Date.now() + hours * HOUR_MS).toISOString();

const aMe = (role: Role, more: Partial<Me> = {}): Me => ({
  user: { id: uuidOf(7), email: "dov@example.org", name: "Dov", role, area: "North", trainedOn: "2026-01-01" },
  deviceId: uuidOf(8),
  expiresAt: inHours(12),
  idleExpiresAt: inHours(0.5),
  stepUpUntil: null,
  investigation: null,
  trainedUntil: inHours(24).slice(0, 10),
  looksLeft: role === "viewer" ? 32 : null,
  recoveryCodesLeft: 10,
  notices: [],
  reviewsWaiting: 0,
  ...more,
});
const purpose = {
  id: uuidOf(9),
  code: "stolen_vehicle",
  text: null,
  caseNumber: "24-118",
  openedAt: inHours(-1),
  expiresAt: inHours(7),
};
const understood = { kind: "plate", plate: "128567", folded: "128561", way: "similar" };
const hit: PlateHit = {
  plate: "128567",
  match: { kind: "exact", differences: [] },
  sightings: 2,
  firstSeen: inHours(-3),
  lastSeen: inHours(-1),
  latest: aDetection(1),
  listed: null,
};

beforeEach(async () => {
  setLanguage("en");
  settle(false);
  central.on("policy.read", () => says({ version: 0, settings: DEFAULT_POLICY, setAt: null, setBy: null }));
  central.on("auth.me", () => says(aMe("operator")));
  await openSession();
});

/** Opens the screen as somebody who searches for a plate. @returns what central was asked */
const search = async (me: Me, answer: () => Response = () => says({ understood, hits: [hit], cursor: null })) => {
  await following().learn(me);
  await vi.waitFor(() => expect(local().facts()).toMatchObject(me));
  const sent = central.on("detections.search", answer);
  const history = createMemoryHistory();
  history.set({ value: "/search#q=1285-67" });
  render(() => (
    <MemoryRouter history={history}>
      <Route path="/search" component={SearchScreen} />
    </MemoryRouter>
  ));
  return sent;
};

test("without a purpose the person is asked for it, and the search goes on by itself", async () => {
  const sent = await search(aMe("operator"));
  await waitFor(() => expect(asked()).toBe("purpose"));
  expect(sent).toEqual([]);
  await following().learn({ investigation: purpose });
  settle(true);
  expect(await screen.findByText("1 found")).toBeTruthy();
  expect(sent).toHaveLength(1);
  expect(screen.getByText("Stolen vehicle")).toBeTruthy();
  expect(screen.getByText("case 24-118")).toBeTruthy();
});

test("who would rather not say leaves a calm screen, and nothing was searched", async () => {
  const sent = await search(aMe("operator"));
  await waitFor(() => expect(asked()).toBe("purpose"));
  settle(false);
  expect(await screen.findByText("Say what you are looking for")).toBeTruthy();
  expect(asked()).toBeNull();
  expect(sent).toEqual([]);
});

test("an operator's results lead to the plate's page", async () => {
  await search(aMe("operator", { investigation: purpose }));
  await screen.findByText("1 found");
  expect(screen.getAllByRole("link").map((link) => link.getAttribute("href"))).toContain("/plates#plate=128567");
});

test("a volunteer's results lead nowhere, and the limits are said", async () => {
  await search(aMe("viewer", { investigation: purpose }));
  await screen.findByText("1 found");
  expect(screen.queryAllByRole("link").map((link) => link.getAttribute("href"))).not.toContain("/plates#plate=128567");
  expect(screen.getByText("You find the last 24 hours in North.")).toBeTruthy();
  expect(screen.getByText("32 checks left today")).toBeTruthy();
});

test("without a training nothing is asked, neither of the person nor of central", async () => {
  const sent = await search(aMe("viewer", { trainedUntil: "2020-01-01" }));
  expect(await screen.findByText("Your training has ended")).toBeTruthy();
  expect(asked()).toBeNull();
  expect(sent).toEqual([]);
});

test("checks that are used up are told calmly, with who can help", async () => {
  await search(aMe("viewer", { investigation: purpose }), () => refuses("budget_spent", 403));
  expect(await screen.findByText("Today's checks are used up")).toBeTruthy();
  expect(screen.getByText(/Dispatch can look for you/)).toBeTruthy();
});
