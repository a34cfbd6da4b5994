/**
 * The map as a dispatcher meets it: cameras, the way of a plate with a gap and an impossible leg; and map and timeline of ten
 * thousand detections on a slow machine.
 * Rule: the built-in ground asks nobody but this server, and the list beside the map says what the map says.
 */
/// <reference lib="dom" />
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Device,
  type Language,
  follow,
  overflow,
  shoot,
  signInThroughScreens,
  startBrowser,
  violations,
  visit,
} from "./support/browser.ts";
import { type Central, addAdministrator, operate, startCentral } from "./support/central.ts";
import { endEverything, temporaryFolder, until } from "./support/processes.ts";
import { LONG_TASK_MS, SLOWER, slowly } from "./support/smooth.ts";

/** Along one road in open sea, some 2.4 km apart; the last one is not placed. */
const CAMERAS = ["north", "mill", "bridge", "harbor", "store"] as const;
const PLACED = 4;
const CAR = "MAP1285";
const OTHER = "MAP7741";
const BUS = "BUS1000";
const BUS_SIGHTINGS = 10_000;
/** As many as central takes at once. */
const BATCH = 100;
const MINUTE_MS = 60_000;
/** The first pass draws what later ones find drawn. */
const PASSES = 3;
/** A frame's way of a hard fling, some seven thousand pixels a second, and how many frames it lasts. */
const FLING_PX = 120;
const FLING_FRAMES = 300;

const dataDir = temporaryFolder("map-central");
let central: Central;
let browser: Browser;
let session: BrowserContextOptions["storageState"];

let made = 0;
/** UUID version 7 (RFC 9562): the time, then what makes it different from others. */
const idAt = (at: number): string => {
  const time = at.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${(made++).toString(16).padStart(12, "0")}`;
};

type Passage = { plate: string; camera: (typeof CAMERAS)[number]; at: number };
const passages = (): Passage[] => {
  const start = Date.now() - 5 * 60 * MINUTE_MS;
  const stop = (plate: string, camera: Passage["camera"], minute: number) => ({
    plate,
    camera,
    at: start + minute * MINUTE_MS,
  });
  return [
    stop(CAR, "north", 0),
    stop(CAR, "mill", 4),
    // Nothing for an hour and a half, then 4.4 km in one minute.
    stop(CAR, "north", 94),
    stop(CAR, "bridge", 95),
    stop(CAR, "store", 100),
    stop(OTHER, "mill", 4.1),
    stop(OTHER, "harbor", 12),
    ...Array.from({ length: BUS_SIGHTINGS }, (_, number) =>
      stop(BUS, CAMERAS[number % PLACED] ?? "north", (number * 295) / BUS_SIGHTINGS + (number % PLACED) / 1000),
    ),
  ];
};

const send = async (apiKey: string, batch: readonly Passage[]): Promise<void> => {
  const form = new FormData();
  const detections = batch.map(({ plate, camera, at }) => ({
    id: idAt(at),
    cameraId: camera,
    capturedAt: new Date(at).toISOString(),
    plate: { text: plate, confidence: 0.9 },
    images: [],
  }));
  form.set("detections", JSON.stringify(detections));
  const response = await fetch(`${central.url}/api/v1/detections/batch`, {
    method: "POST",
    headers: { "X-API-Key": apiKey },
    body: form,
  });
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
};

const GROUND = {
  type: "FeatureCollection",
  features: [
    {
      type: "Feature",
      properties: { kind: "main" },
      geometry: { type: "LineString", coordinates: [31.5, 31.502, 31.5].map((lon, place) => [lon, 33.5 + place / 25]) },
    },
  ],
};

beforeAll(async () => {
  central = await startCentral(dataDir);
  const account = await addAdministrator(dataDir);
  const { apiKey = "" } = await operate(dataDir, ["collector", "add", "--name", "Town"]);
  const all = passages();
  for (let place = 0; place < all.length; place += BATCH) await send(apiKey, all.slice(place, place + BATCH));
  const cameras = CAMERAS.map((id, place) => ({
    id,
    name: `Camera ${id}`,
    ...(place < PLACED ? { lat: 33.5 + place / 50, lon: 31.5 + (place % 2) / 100, heading: place * 90 } : {}),
  }));
  const file = join(dataDir, "cameras.json");
  writeFileSync(file, JSON.stringify(cameras));
  await operate(dataDir, ["camera", "approve", "--collector", "Town", "--file", file]);
  writeFileSync(file, JSON.stringify(GROUND));
  await operate(dataDir, ["map", "import", "--file", file]);
  browser = await startBrowser();
  const first = await visit(browser, "desktop", "en");
  await signInThroughScreens(first.page, central.url, account);
  session = await first.context.storageState();
  await first.context.close();
}, 300_000);

afterAll(async () => {
  await browser?.close();
  endEverything(dataDir);
});

/** Every screen is passable for everybody and fits. */
const check = async (page: Page, name: string): Promise<void> => {
  await shoot(page, name);
  expect({ name, violations: await violations(page) }).toEqual({ name, violations: [] });
  expect({ name, overflow: await overflow(page) }).toEqual({ name, overflow: [] });
};

const sayPurpose = async (page: Page): Promise<void> => {
  const dialog = page.getByRole("dialog");
  await dialog.locator("input[type=radio]").first().check();
  await dialog.locator("input[name=caseNumber]").fill("26-118");
  await dialog.locator("button[type=submit]").click();
};

test.for<[Device, Language]>([
  ["desktop", "en"],
  ["phone", "he"],
])(
  "cameras, a way with a gap and an impossible leg, and two plates that met, on a %s in %s",
  async ([device, language]) => {
    const { page, context, complaints } = await visit(browser, device, language, session);
    const foreign: string[] = [];
    page.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol.startsWith("http") && origin !== central.url) foreign.push(request.url());
    });
    const at = (name: string) => `map-${name}.${device}.${language}`;

    await page.goto(`${central.url}/map`);
    await page.locator(".map-canvas .pin").first().waitFor();
    expect(await page.locator(".map-canvas .pin").count()).toBe(PLACED);
    expect(await page.locator(".map-canvas .pin-cone").count()).toBe(PLACED);
    await page.locator(".map-canvas path.line-main").waitFor({ state: "attached" });
    expect(await page.locator(".map-canvas path.line-main").count()).toBe(1);
    expect(await page.locator(".map-list li").count()).toBe(CAMERAS.length);
    expect(await page.locator(".map-unplaced").innerText()).toContain("1");
    await page.locator(".map-icon", { hasText: "Camera mill" }).focus();
    await page.keyboard.press("Enter");
    await page.locator(".map-chosen", { hasText: "Camera mill" }).waitFor();
    await check(page, at("cameras"));

    await page.goto(`${central.url}/map#plate=${CAR}`);
    await page.reload();
    await sayPurpose(page);
    await page.locator(".map-canvas path.leg").first().waitFor();
    const kinds = ["drive", "gap", "impossible"] as const;
    for (const kind of kinds) expect(await page.locator(`path.leg-${kind}`).count(), kind).toBe(1);
    const dashes = (kind: string) =>
      page.locator(`path.leg-${kind}`).evaluate((path) => getComputedStyle(path).strokeDasharray);
    expect(await dashes("drive")).toBe("none");
    expect(await dashes("gap")).not.toBe("none");
    expect(await page.locator(".leg-words").innerText()).toMatch(/2\d\d/);
    expect(await page.locator(".map-leg.critical").innerText()).toMatch(/2\d\d/);
    expect(await page.locator(".stop-numbers").allInnerTexts()).toEqual(["1 · 3", "2", "4"]);
    await until("every stop is listed", async () => (await page.locator(".map-stops li").count()) === 5);
    await check(page, at("route"));

    // Only what the slider lets through is drawn.
    await page.locator(".map-time input").last().focus();
    for (let press = 0; press < 3; press++) await page.keyboard.press("ArrowLeft");
    await page.locator("path.leg-impossible").waitFor({ state: "detached" });
    await until("the list follows", async () => (await page.locator(".map-stops li").count()) === 2);

    await page.fill("input[name=other]", OTHER);
    await page.press("input[name=other]", "Enter");
    await page.locator(".map-side h3", { hasText: "1" }).waitFor();
    await check(page, at("compare"));
    await follow(page, "/map");
    await page.locator(".purpose-bar").waitFor({ state: "hidden" });
    expect(foreign).toEqual([]);
    expect(complaints()).toEqual([]);
    await follow(page, "/search");
    await page.locator(".purpose-acts button").first().click();
    await page.locator(".purpose-bar").waitFor({ state: "hidden" });
    await context.close();
  },
);

test("the wall has the map at its side, and m shows the alert in hand in its place", async () => {
  const { page, context, complaints } = await visit(browser, "desktop", "en", session);
  await page.goto(`${central.url}/wall`);
  await page.locator(".wall-ground .pin").first().waitFor();
  await check(page, "map-wall.desktop.en");
  await page.keyboard.press("m");
  await page.locator(".wall-ground").waitFor({ state: "detached" });
  await page.keyboard.press("m");
  await page.locator(".wall-ground .pin").first().waitFor();
  expect(complaints()).toEqual([]);
  await context.close();
});

test("counts and the way of ten thousand detections keep a slow machine responsive", async () => {
  const { page, context } = await visit(browser, "desktop", "en", session);
  await page.goto(`${central.url}/map#plate=${CAR}`);
  await sayPurpose(page);
  await page.locator("path.leg").first().waitFor();
  for (let pass = 0; pass < PASSES; pass++) {
    await follow(page, "/map");
    await page.locator(".map-hour").waitFor();
    const longest = await slowly(browser, page, async () => {
      await page.locator(".map-hour button").last().click();
      await page.locator(".map-hour input").focus();
      // This hour may just have begun, and have nothing yet.
      await page.keyboard.press("ArrowLeft");
      await page.locator(".heat-circle").first().waitFor();
      for (let press = 0; press < 4; press++) await page.keyboard.press("ArrowLeft");
      await follow(page, `/map#plate=${BUS}`);
      await page.locator("path.leg").first().waitFor();
      await page.locator(".map-stops li").nth(20).waitFor();
    });
    process.stdout.write(`map: the longest task was ${longest.toFixed(0)} ms at ${SLOWER}x\n`);
    expect(longest).toBeLessThanOrEqual(LONG_TASK_MS);
  }
  await context.close();
});

/** Scrolls as fast as a thumb flings. @param step of a frame, px @returns the most rows that were in the document at once */
const fling = (page: Page, step: number): Promise<number> =>
  page.evaluate(
    async ({ px, frames }) => {
      const main = document.querySelector("main") as HTMLElement;
      let mostRows = 0;
      for (let frame = 0; frame < frames; frame++) {
        main.scrollBy(0, px);
        await new Promise((resolve) => requestAnimationFrame(resolve));
        mostRows = Math.max(mostRows, document.querySelectorAll(".virtual > li").length);
      }
      return mostRows;
    },
    { px: step, frames: FLING_FRAMES },
  );

/** Goes to the end again and again, until nothing older comes. */
const goToEnd = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    const main = document.querySelector("main") as HTMLElement;
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const sizeOf = () => Number(document.querySelector(".virtual > li")?.getAttribute("aria-setsize"));
    for (let before = 0; before < sizeOf();) {
      before = sizeOf();
      main.scrollTo(0, 1e9);
      for (let waited = 0; waited < 300 && sizeOf() === before; waited++) await frame();
    }
    main.scrollTo(0, 1e9);
    await frame();
  });

test("a timeline of ten thousand detections scrolls without a hitch on a slow machine", async () => {
  const { page, context, complaints } = await visit(browser, "phone", "en", session);
  await page.goto(`${central.url}/plates#plate=${BUS}`);
  await page.locator(".timeline .sighting").first().waitFor();
  let mostRows = 0;
  const measure = async (where: string, step: number): Promise<number> => {
    const longest = await slowly(browser, page, async () => {
      mostRows = Math.max(mostRows, await fling(page, step));
    });
    process.stdout.write(`timeline, ${where}: the longest task was ${longest.toFixed(0)} ms at ${SLOWER}x\n`);
    return longest;
  };
  // Older pages arrive under the thumb.
  expect(await measure("from the newest down", FLING_PX)).toBeLessThanOrEqual(LONG_TASK_MS);
  await goToEnd(page);
  const last = page.locator(".virtual > li").last();
  expect(await last.getAttribute("aria-posinset")).toBe(await last.getAttribute("aria-setsize"));
  expect(Number(await last.getAttribute("aria-setsize"))).toBeGreaterThan(BUS_SIGHTINGS);
  expect(await measure("from the oldest up", -FLING_PX)).toBeLessThanOrEqual(LONG_TASK_MS);
  expect(mostRows, "rows in the document at once").toBeLessThan(40);
  expect(complaints()).toEqual([]);
  await context.close();
}, 300_000);
