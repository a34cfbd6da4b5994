/** Searching under the organisation's rules: a purpose first, and calm words where looking is closed. */
import type { Me, PlateHit } from "@chaverim/contracts";
import { DEFAULT_POLICY, differencesOf } from "@chaverim/contracts";
import { MemoryRouter, Route, createMemoryHistory } from "@solidjs/router";
import { render, screen, waitFor } from "@solidjs/testing-library";
import { beforeEach, expect, test, vi } from "vitest";
import { asked, settle } from "../asking.ts";
import { aDetection, aMe, aPurpose, inHours, uuidOf } from "../builders.ts";
import { following, local, openSession } from "../session.ts";
import { Toasts } from "../parts/toasts.tsx";
import { setLanguage, setShortcuts } from "../settings.ts";
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

const purpose = aPurpose();
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

const operator = () => aMe("operator", { investigation: purpose });
const press = (name: string | RegExp) => screen.findByRole("button", { name }).then((button) => button.click());

/** Opens the screen as somebody who searches for a plate. @returns what central was asked */
const search = async (
  me: Me,
  answer: Parameters<typeof central.on>[1] = () => says({ understood, hits: [hit], cursor: null }),
  address = "/search#q=1285-67",
) => {
  await following().learn(me);
  await vi.waitFor(() => expect(local().facts()).toMatchObject(me));
  const sent = central.on("detections.search", answer);
  const history = createMemoryHistory();
  history.set({ value: address });
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

test("a pattern is told before anything is found, and each plate says that it fits", async () => {
  const pattern = { kind: "pattern", pattern: "12?567" };
  const fits: PlateHit = { ...hit, match: { kind: "pattern", differences: [] } };
  const sent = await search(
    operator(),
    () => says({ understood: pattern, hits: [fits], cursor: null }),
    "/search#q=12%3F5-67",
  );
  expect(await screen.findByText("fits 12?567")).toBeTruthy();
  expect(screen.getByText("pattern")).toBeTruthy();
  expect(document.querySelector(".hit .plate b")?.textContent).toBe("8");
  expect(sent[0]).toMatchObject({ plate: "12?5-67", way: "similar" });
});

test("each difference of a similar plate is named, and boxed in the plate", async () => {
  const near: PlateHit = {
    ...hit,
    plate: "12B56",
    latest: null,
    match: { kind: "near", differences: differencesOf("128567", "12B56") },
  };
  await search(operator(), () => says({ understood, hits: [near], cursor: null }));
  expect(await screen.findByText("8 read as B")).toBeTruthy();
  expect(screen.getByText("one missing: 7")).toBeTruthy();
  expect(document.querySelector(".hit .plate b:not(.plate-gap)")?.textContent).toBe("B");
  expect(document.querySelectorAll(".hit .plate-gap")).toHaveLength(1);
});

test("what cannot be looked up is refused with a sentence, and nothing is asked", async () => {
  const sent = await search(operator(), undefined, "/search#q=1%3F");
  expect(await screen.findByText("Too many plates fit")).toBeTruthy();
  expect(sent).toEqual([]);
});

test("more than a page is never counted, and the next page stands below the first", async () => {
  const sent = await search(operator(), ({ cursor }) =>
    cursor === undefined
      ? says({ understood, hits: [hit], cursor: "0_2_128567" })
      : says({ understood, hits: [{ ...hit, plate: "128568", latest: null }], cursor: null }),
  );
  expect(await screen.findByText("1+ found")).toBeTruthy();
  await press("Show more");
  expect(await screen.findByText("2 found")).toBeTruthy();
  expect(sent.map(({ cursor }) => cursor)).toEqual([undefined, "0_2_128567"]);
});

test("where more plates fit than pages go through, no number is said without a plus, and the end of the list tells", async () => {
  await search(operator(), ({ cursor }) =>
    cursor === undefined
      ? says({ understood, hits: [hit], cursor: "0_2_128567", truncated: true })
      : says({ understood, hits: [{ ...hit, plate: "128568", latest: null }], cursor: null, truncated: true }),
  );
  expect(await screen.findByText("1+ found")).toBeTruthy();
  expect(screen.queryByText(/^More plates fit/)).toBeNull();
  await press("Show more");
  expect(await screen.findByText("2+ found")).toBeTruthy();
  expect(screen.getByText("More plates fit than are listed. Type more of the plate, or add a filter.")).toBeTruthy();
});

test("a search that takes long can be stopped, and begun again", async () => {
  let answered = 0;
  await search(
    operator(),
    () =>
      answered++ === 0
        ? new Promise<Response>(() => undefined)
        : says({ understood: { ...understood, way: "harder" }, hits: [hit], cursor: null }),
    "/search#q=1285-67&way=harder",
  );
  await waitFor(() => expect(answered).toBe(1));
  await press("Stop");
  expect(await screen.findByText("The search was stopped")).toBeTruthy();
  await press("Search again");
  expect(await screen.findByText("1 found")).toBeTruthy();
});

test("filters without a plate find what passed; who may not see that is asked for a plate", async () => {
  const found = central.on("detections.find", () => says({ detections: [aDetection(1)], cursor: null }));
  central.on("searches.list", () => says([]));
  await search(operator(), undefined, "/search#vehicle=white+van&unread=1");
  expect(await screen.findByText("1 detection")).toBeTruthy();
  expect(found[0]).toMatchObject({ filters: { vehicle: "white van" }, unread: true });
  expect(screen.getByRole("button", { name: "Remove the filter white van" })).toBeTruthy();
});

test("a volunteer's filters alone ask nothing", async () => {
  const found = central.on("detections.find", () => says({ detections: [], cursor: null }));
  central.on("searches.list", () => says([]));
  await search(aMe("viewer", { investigation: purpose }), undefined, "/search#vehicle=white+van");
  expect(await screen.findByText("Type a plate, or what is known of it")).toBeTruthy();
  expect(found).toEqual([]);
});

test("j and k move among the results and Esc empties the box, unless shortcuts are switched off", async () => {
  const second: PlateHit = { ...hit, plate: "128568", latest: null };
  await search(operator(), () => says({ understood, hits: [hit, second], cursor: null }));
  await screen.findByText("2 found");
  (document.activeElement as HTMLElement | null)?.blur();
  setShortcuts(false);
  key("j");
  expect(focused()).toBeFalsy();
  setShortcuts(true);
  key("j");
  expect(focused()).toBe("128567");
  key("j");
  expect(focused()).toBe("128568");
  key("k");
  expect(focused()).toBe("128567");
  central.on("searches.list", () => says([]));
  key("Escape");
  await waitFor(() => expect(screen.getByRole("textbox")).toHaveProperty("value", ""));
  expect(await screen.findByText("Type a plate, or what is known of it")).toBeTruthy();
});

test("a saved search that was removed can be brought back", async () => {
  const kept = {
    id: uuidOf(3),
    name: "The van",
    text: "12?5",
    way: "similar",
    filters: {},
    unread: false,
    savedAt: inHours(-1),
  };
  let list = [kept];
  central.on("searches.list", () => says(list));
  central.on("searches.remove", () => {
    list = [];
    return says(null);
  });
  const saved = central.on("searches.save", () => {
    list = [{ ...kept, id: uuidOf(4) }];
    return says({ id: uuidOf(4) });
  });
  await search(operator(), undefined, "/search");
  render(() => <Toasts />);
  await press("Remove The van");
  await waitFor(() => expect(screen.queryByRole("link", { name: /The van/ })).toBeNull());
  await press("Undo");
  expect(await screen.findByRole("link", { name: /The van/ })).toBeTruthy();
  expect(saved).toEqual([{ name: "The van", plate: "12?5", way: "similar", filters: {}, unread: false }]);
});

const key = (name: string, code = "", target: Element = document.activeElement ?? document.body): boolean =>
  target.dispatchEvent(new KeyboardEvent("keydown", { key: name, code, bubbles: true, cancelable: true }));
const focused = () => document.activeElement?.getAttribute("data-hit");
const box = () => screen.getByRole<HTMLInputElement>("textbox");
const send = (text: string): void => {
  box().focus();
  box().value = text;
  box().form?.requestSubmit();
};

test("a new search shows nothing of the one before: neither that nothing was found, nor what was, nor its failure", async () => {
  const answers = [says({ understood, hits: [], cursor: null }), new Promise<Response>(() => undefined)];
  const asking = vi.fn<() => Response | Promise<Response>>(() => answers.shift() ?? refuses("too_slow", 422));
  await search(operator(), asking);
  expect(await screen.findByText("128567 has not been seen")).toBeTruthy();
  send("99-888");
  await waitFor(() => expect(asking).toHaveBeenCalledTimes(2));
  expect(screen.queryByText(/has not been seen/)).toBeNull();
  await press("Stop");
  await press("Search again");
  expect(await screen.findByText(/This takes too long/)).toBeTruthy();
  answers.push(new Promise<Response>(() => undefined));
  await press("Try again");
  expect(await screen.findByRole("button", { name: "Stop" })).toBeTruthy();
  expect(screen.queryByText(/This takes too long/)).toBeNull();
});

test("after Enter the first result has the focus, unless the person goes on typing", async () => {
  await search(operator());
  await screen.findByText("1 found");
  send("12856");
  await waitFor(() => expect(focused()).toBe("128567"));
  let answer: (response: Response) => void = () => undefined;
  const sent = central.on("detections.search", () => new Promise((resolve) => (answer = resolve)));
  send("1285");
  await waitFor(() => expect(sent).toHaveLength(1));
  box().value = "12859";
  answer(says({ understood, hits: [hit], cursor: null }));
  await screen.findByText("1 found");
  expect(document.activeElement).toBe(box());
  key("ArrowDown");
  expect(focused()).toBe("128567");
});

test("the keys are found by their place with a Hebrew layout", async () => {
  const second: PlateHit = { ...hit, plate: "128568", latest: null };
  await search(operator(), () => says({ understood, hits: [hit, second], cursor: null }));
  await screen.findByText("2 found");
  box().blur();
  key("ח", "KeyJ");
  key("ח", "KeyJ");
  expect(focused()).toBe("128568");
  key("ל", "KeyK");
  expect(focused()).toBe("128567");
});

test("Esc that closes a dialog leaves the search as it is", async () => {
  await search(operator());
  await screen.findByText("1 found");
  await press("Save");
  const dialog = await screen.findByRole("dialog");
  key("Escape", "Escape", dialog);
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(screen.getByText("1 found")).toBeTruthy();
  expect(box().value).toBe("1285-67");
});

test("without a line the device's own are searched, and central is asked when somebody wants it", async () => {
  const sent = await search(operator(), () => {
    throw new TypeError("Failed to fetch");
  });
  expect(await screen.findByText("Not among the newest detections on this device")).toBeTruthy();
  central.on("detections.search", () => says({ understood, hits: [hit], cursor: null }));
  await press("Try again");
  expect(await screen.findByText("1 found")).toBeTruthy();
  expect(sent).toHaveLength(1);
});

test("an older page that failed is told below what was found, and asked for again when it is wanted", async () => {
  let isSlow = true;
  await search(operator(), ({ cursor }) => {
    if (cursor === undefined) return says({ understood, hits: [hit], cursor: "0_2_128567" });
    return isSlow ? refuses("too_slow", 422) : says({ understood, hits: [{ ...hit, plate: "128568" }], cursor: null });
  });
  await press("Show more");
  expect(await screen.findByText(/^The next page did not load/)).toBeTruthy();
  isSlow = false;
  await press("Try again");
  expect(await screen.findByText("2 found")).toBeTruthy();
});

test("a row without a reading is reached by the keys, too, and Enter opens what it holds", async () => {
  const plate = { text: null, normalized: null, confidence: null };
  central.on("detections.find", () => says({ detections: [aDetection(1), aDetection(2, { plate })], cursor: null }));
  await search(operator(), undefined, "/search#vehicle=white+van");
  await screen.findByText("2 detections");
  box().blur();
  key("j", "KeyJ");
  expect(focused()).toBe("128567");
  key("j", "KeyJ");
  expect(focused()).toBe("");
  const opened = vi.fn<(event: Event) => void>((event) => event.preventDefault());
  document.activeElement?.querySelector("a, button")?.addEventListener("click", opened);
  key("Enter", "Enter");
  expect(opened.mock.calls.length + screen.queryAllByRole("dialog").length).toBeGreaterThan(0);
});
