/** The map: what it says of cameras and ways, what is missing, and what the address holds. */
import type { MapCamera } from "@chaverim/contracts";
import { DEFAULT_POLICY } from "@chaverim/contracts";
import { MemoryRouter, Route, createMemoryHistory } from "@solidjs/router";
import { fireEvent, render, screen, waitFor } from "@solidjs/testing-library";
import { beforeEach, expect, test, vi } from "vitest";
import { aDetection, aMe, aPurpose, inHours, uuidOf } from "../builders.ts";
import { link } from "../local/sync.ts";
import { following, local, openSession } from "../session.ts";
import { setLanguage } from "../settings.ts";
import { refuses, says, standIn } from "../stand-in.ts";
import MapScreen from "./map.tsx";

vi.hoisted(() => {
  // The live channel is none of what is tested here: one that never opens.
  globalThis.WebSocket = class extends EventTarget {
    readyState = 0;
    send(): void {}
    close(): void {}
  } as unknown as typeof WebSocket;
  globalThis.ResizeObserver = class {
    observe(): void {}
    unobserve(): void {}
    disconnect(): void {}
  };
  // By this Leaflet knows that there is SVG, and by these how large the map is.
  Object.assign(SVGSVGElement.prototype, { createSVGRect: () => undefined });
  Object.defineProperty(HTMLElement.prototype, "clientWidth", { value: 800, configurable: true });
  Object.defineProperty(HTMLElement.prototype, "clientHeight", { value: 600, configurable: true });
});

const central = standIn();
const HOUR_MS = 3_600_000;
const START = Date.now() - 5 * HOUR_MS;

const me = aMe("operator", { investigation: aPurpose() });

const camera = (number: number, more: Partial<MapCamera> = {}): MapCamera => ({
  id: uuidOf(number),
  name: `Camera ${number}`,
  area: null,
  position: { lat: 33 + number / 50, lon: 31.5 },
  heading: null,
  health: "live",
  lastDetectionAt: null,
  perHour: Array.from({ length: 24 }, (_none, hour) => (hour === 20 ? 7 : hour === 23 ? 2 : 0)),
  ...more,
});
const BUILT_IN = { kind: "builtin" as const, attribution: "" };
const GROUND = {
  shapes: [
    {
      kind: "main",
      isArea: false,
      points: [
        [31.5, 33],
        [31.6, 33.1],
      ],
    },
  ],
};
const routeOf = (cameras: MapCamera[], minutes: [camera: number, minute: number][], truncated = false) => ({
  cameras: cameras.map(({ id, name, position }) => ({ id, name, position })),
  stops: minutes.map(([place, minute]) => [place, START + minute * 60_000]),
  truncated,
});
const INFO = () => ({ version: "1", simulated: false, serverTime: new Date().toISOString(), setupNeeded: false });
const THREE = [camera(1), camera(2), camera(3)];

beforeEach(async () => {
  setLanguage("en");
  central.on("policy.read", () => says({ version: 0, settings: DEFAULT_POLICY, setAt: null, setBy: null }));
  central.on("auth.me", () => says(me));
  central.on("map.ground", () => says(GROUND));
  central.on("system.info", () => says(INFO()));
  central.on("alerts.since", () => says({ alerts: [], cursor: 0, more: false, reset: false }));
  central.on("detections.recent", () => says({ detections: [], cursor: null }));
  await openSession();
  await following().learn(me);
  await vi.waitFor(() => expect(local().facts()).toMatchObject({ user: me.user }));
});

const open = (address = "/map", cameras: readonly MapCamera[] = THREE) => {
  central.on("map.cameras", () => says({ source: BUILT_IN, cameras }));
  const history = createMemoryHistory();
  history.set({ value: address });
  const { unmount } = render(() => (
    <MemoryRouter history={history}>
      <Route path="/map" component={MapScreen} />
      <Route path="*" component={() => null} />
    </MemoryRouter>
  ));
  return { unmount, go: (value: string) => history.set({ value }), address: () => history.get() };
};
const all = (selector: string) => [...document.querySelectorAll(selector)];
/** Without its channel a device knows of the line when it comes back. */
const goLive = async (): Promise<void> => {
  const ask = (kind: string) =>
    waitFor(() => {
      document.dispatchEvent(new Event("visibilitychange"));
      expect(link().kind).toBe(kind);
    });
  central.on("system.info", () => refuses("forbidden", 403));
  await ask("offline");
  central.on("system.info", () => says(INFO()));
  await ask("live");
  await waitFor(() => expect(local().detections.ready).toBe(true));
};
const lines = () => all("path.leg").length;

// First of all tests: what came once is kept.
test("without its ground the map has its cameras, says that the ground is missing, and asks for it again", async () => {
  central.on("map.ground", () => refuses("internal", 500));
  open();
  await waitFor(() => expect(all(".map-canvas .pin")).toHaveLength(3));
  const note = await screen.findByText(/The ground of the map is not there/);
  central.on("map.ground", () => says(GROUND));
  fireEvent.click(note.querySelector("button") as HTMLElement);
  await waitFor(() => expect(all("path.line-main")).toHaveLength(1));
  expect(screen.queryByText(/The ground of the map is not there/)).toBeNull();
});

test("a pin is pressed with Space as with Enter", async () => {
  const { address } = open();
  await waitFor(() => expect(all(".map-icon")).toHaveLength(3));
  const press = new KeyboardEvent("keypress", { key: " ", bubbles: true, cancelable: true });
  all(".map-icon")[1]?.dispatchEvent(press);
  expect(press.defaultPrevented).toBe(true);
  await waitFor(() => expect(address()).toContain(`camera=${uuidOf(2)}`));
});

test("cameras close together are one pin with the worst health in words, and say which of them is chosen", async () => {
  const near = { lat: 33.02, lon: 31.50001 };
  const cameras = [
    camera(1),
    camera(2, { position: near, health: "offline" }),
    camera(3, { position: near, health: "late" }),
  ];
  open(`/map#camera=${uuidOf(1)}`, [...cameras, camera(40)]);
  await waitFor(() => expect(all(".pin-cluster")).toHaveLength(1));
  const [pin] = all(".pin-cluster");
  expect(pin?.className).toBe("pin-cluster health-offline chosen");
  expect(pin?.textContent).toContain("1 × No data");
  expect(pin?.textContent).toContain("Camera 1");
  expect(pin?.querySelector(".pin-words")?.getAttribute("dir")).toBe("auto");
  // Another one is chosen: the pin of all follows.
  fireEvent.click(document.querySelector(".map-list li:last-child button") as HTMLElement);
  await waitFor(() => expect(all(".pin-cluster.chosen")).toHaveLength(0));
});

test("a ring is for what was seen just now, on the pin that stands for the camera", async () => {
  const near = { lat: 33.02, lon: 31.50001 };
  open("/map", [camera(1), camera(2, { position: near }), camera(40)]);
  await waitFor(() => expect(all(".map-icon")).toHaveLength(2));
  await goLive();
  const seen = (number: number, at: number, minutesAgo: number) =>
    aDetection(number, {
      detectedAt: inHours(-minutesAgo / 60),
      camera: { id: uuidOf(at), name: `Camera ${at}`, area: null, heading: null },
    });
  central.on("detections.recent", () => says({ detections: [seen(1, 2, 0.1), seen(2, 40, 5)], cursor: null }));
  document.dispatchEvent(new Event("visibilitychange"));
  await waitFor(() => expect(all(".pin-cluster .pin-pulse")).toHaveLength(1));
  expect(all(".pin-pulse")).toHaveLength(1);
});

test("a list that is asked again keeps its buttons, and old health is told with its time", async () => {
  await goLive();
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  try {
    open();
    const button = await screen.findByRole("button", { name: /^Camera 2/ });
    button.focus();
    expect(all(".map.old")).toHaveLength(0);
    central.on("map.cameras", () =>
      says({ source: BUILT_IN, cameras: THREE.map((one) => ({ ...one, health: "late" as const })) }),
    );
    await vi.advanceTimersByTimeAsync(16_000);
    await waitFor(() => expect(button.textContent).toContain("Late"));
    expect(document.activeElement).toBe(button);
    central.on("map.cameras", () => refuses("forbidden", 403));
    await vi.advanceTimersByTimeAsync(16_000);
    expect(await screen.findByText(/^Cameras as of/)).toBeTruthy();
    expect(all(".map.old")).toHaveLength(1);
  } finally {
    vi.useRealTimers();
  }
});

test("the hour stands in the address as the time at which it begins, and numbers open their rows", async () => {
  const start = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 3 * HOUR_MS);
  const { address } = open(`/map#hour=${start.toISOString()}&camera=${uuidOf(1)}`);
  await waitFor(() => expect(all(".heat-count").map(({ textContent }) => textContent)).toEqual(["7", "7", "7"]));
  const slider = screen.getByRole<HTMLInputElement>("slider", { name: "Hour" });
  expect(slider.value).toBe("20");
  const linkOf = (name: RegExp) => decodeURIComponent(screen.getByRole("link", { name }).getAttribute("href") ?? "");
  const two = (value: number) => String(value).padStart(2, "0");
  expect(linkOf(/Most in an hour: 7/)).toMatch(
    new RegExp(
      `^/search#cameras=${uuidOf(1)}&from=.*T${two(start.getHours())}:00&to=.*T${two((start.getHours() + 1) % 24)}:00$`,
    ),
  );
  expect(linkOf(/Show what it saw/)).toBe(linkOf(/Most in an hour: 7/));
  expect(linkOf(/Last 24 hours: 9/)).toContain(`cameras=${uuidOf(1)}&from=`);
  fireEvent.input(slider, { target: { value: "23" } });
  await waitFor(() =>
    expect(address()).toContain(encodeURIComponent(new Date(start.getTime() + 3 * HOUR_MS).toISOString())),
  );
});

test("another plate's way takes the place of the first, which is never shown as its own", async () => {
  let answer = (): void => undefined;
  const late = new Promise<void>((resolve) => (answer = resolve));
  central.on("plates.route", async ({ plate }) => {
    if (plate === "BBB") await late;
    return says(
      routeOf(
        THREE,
        plate === "BBB"
          ? [
              [0, 0],
              [1, 5],
            ]
          : [
              [0, 0],
              [1, 5],
              [2, 10],
            ],
      ),
    );
  });
  const { go } = open("/map#plate=AAA");
  await waitFor(() => expect(lines()).toBe(2));
  go("/map#plate=BBB");
  await waitFor(() => expect(lines()).toBe(0));
  expect(screen.queryByText("Way of AAA")).toBeNull();
  expect(screen.queryByText("Way of BBB")).toBeNull();
  answer();
  expect(await screen.findByText("Way of BBB")).toBeTruthy();
  await waitFor(() => expect(lines()).toBe(1));
});

test("meetings are counted once both ways are there, with how far back they were compared", async () => {
  let answer = (): void => undefined;
  const late = new Promise<void>((resolve) => (answer = resolve));
  central.on("plates.route", async ({ plate }) => {
    if (plate === "AAA")
      return says(
        routeOf(THREE, [
          [0, 0],
          [1, 5],
          [2, 10],
        ]),
      );
    await late;
    return says(
      routeOf(
        THREE,
        [
          [1, 5.2],
          [2, 20],
        ],
        true,
      ),
    );
  });
  open("/map#plate=AAA&with=BBB");
  expect(await screen.findByText("Way of AAA")).toBeTruthy();
  expect(screen.queryByText(/^Meetings/)).toBeNull();
  answer();
  expect(await screen.findByText("Meetings: 1")).toBeTruthy();
  expect(screen.getByText(/^Compared since/)).toBeTruthy();
});

test("the slider's times stand in the address, and an address with times shows them", async () => {
  central.on("plates.route", () =>
    says(
      routeOf(THREE, [
        [0, 0],
        [1, 5],
        [2, 10],
      ]),
    ),
  );
  const { address, unmount } = open("/map#plate=AAA");
  await waitFor(() => expect(lines()).toBe(2));
  fireEvent.input(screen.getByRole("slider", { name: /^To/ }), { target: { value: "1" } });
  await waitFor(() => expect(lines()).toBe(1));
  await waitFor(() => expect(address()).toContain("last="), { timeout: 3000 });
  expect(address()).not.toContain("first=");
  expect(lines()).toBe(1);
  const kept = address();
  unmount();
  open(kept);
  await waitFor(() => expect(lines()).toBe(1));
  expect(screen.getByRole<HTMLInputElement>("slider", { name: /^To/ }).value).toBe("1");
});

test("where only the newest readings are shown, earlier ones are a press away", async () => {
  const sent = central.on("plates.route", ({ to }) =>
    says(
      routeOf(
        THREE,
        [
          [0, 0],
          [1, 5],
        ],
        to === undefined,
      ),
    ),
  );
  const { address } = open("/map#plate=AAA");
  fireEvent.click(await screen.findByRole("button", { name: "Show earlier" }));
  await waitFor(() => expect(sent.at(-1)).toHaveProperty("to"));
  expect(Date.parse(String(sent.at(-1)?.["to"]))).toBeGreaterThan(START);
  fireEvent.click(await screen.findByRole("button", { name: "All times" }));
  await waitFor(() => expect(address()).toBe("/map#plate=AAA"));
});
