/**
 * Investigating, as a dispatcher does it: what for, half a plate, why each one fits, one plate's days and company, a
 * reading set right, a search kept and watched.
 * Rule: looked for where a person would look, in both languages and on both devices; no address of a plate reaches a server.
 */
/// <reference lib="dom" />
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Device,
  type Language,
  type Visit,
  follow,
  overflow,
  shoot,
  signInThroughScreens,
  startBrowser,
  violations,
  visit,
} from "./support/browser.ts";
import { type Account, type Central, addAdministrator, operate, readMetric, startCentral } from "./support/central.ts";
import { aPicture, dropDetection, prepareSite } from "./support/collector.ts";
import { endEverything, temporaryFolder, until } from "./support/processes.ts";

const CAMERAS = ["north", "mill", "south", "harbor"] as const;
type Camera = (typeof CAMERAS)[number];
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** On so many days each car passes every camera once. */
const DAYS = 3;
/** A bus that passes every camera all day. */
const BUS = "BUS1000";
const BUS_SIGHTINGS = 40;

const VISITS: readonly [Device, Language][] = [
  ["phone", "en"],
  ["phone", "he"],
  ["desktop", "en"],
  ["desktop", "he"],
];

/** The cars of one visit: its plates differ from another's, because a correction is for ever. */
const carsOf = (place: number) => ({
  plate: `${place + 1}285-67`,
  wanted: `${place + 1}28567`,
  pattern: `${place + 1}2?5-67`,
  misread: `${place + 1}2B567`,
  other: `${place + 1}23567`,
  companion: `KQ4${place}08`,
});

const dataDir = temporaryFolder("search-central");
let central: Central;
let account: Account;
let browser: Browser;
let session: Visit["context"] extends { storageState: () => Promise<infer State> } ? State : never;
let dropped = 0;

/** What passed in the last days: for each visit a car with company, and the bus. */
const passages = (): { plate: string; camera: Camera; at: number }[] => {
  // At noon, so that no car's round goes on into the next day.
  const start = new Date().setHours(12, 0, 0, 0) - 5 * DAY_MS;
  const rounds = VISITS.flatMap((_visit, place) => {
    const { plate, misread, other, companion } = carsOf(place);
    return Array.from({ length: DAYS }, (_, day) => day).flatMap((day) =>
      CAMERAS.flatMap((camera, stop) => {
        const at = start + day * DAY_MS + place * 90 * MINUTE_MS + stop * 7 * MINUTE_MS;
        return [
          { plate, camera, at },
          { plate: companion, camera, at: at + 6000 },
          ...(day === 0 && stop < 2 ? [{ plate: stop === 0 ? misread : other, camera, at: at + 40 * MINUTE_MS }] : []),
        ];
      }),
    );
  });
  const bus = Array.from({ length: BUS_SIGHTINGS }, (_, number) => ({
    plate: BUS,
    camera: CAMERAS[number % CAMERAS.length] ?? "north",
    at: start + number * 6 * MINUTE_MS,
  }));
  return [...rounds, ...bus];
};

const seed = async (url: string): Promise<void> => {
  const { apiKey } = await operate(dataDir, ["collector", "add", "--name", "Town"]);
  const folder = temporaryFolder("search-collector");
  const cameras = CAMERAS.map((id) => ({ id, adapter: "folder", path: join(folder, "drop", id) }));
  for (const { path } of cameras) mkdirSync(path, { recursive: true });
  const site = prepareSite(folder, { url, apiKey: apiKey ?? "" }, { cameras });
  const all = passages();
  for (const { plate, camera, at } of all) {
    const pictures = dropped % 20 === 0 ? [aPicture("crop", 2000), aPicture("full", 4000)] : [];
    await dropDetection({ ...site, drop: join(site.drop, camera) }, `d${dropped++}`, {
      plate,
      capturedAt: new Date(at).toISOString(),
      pictures,
    });
  }
  await site.start();
  const stored = () => readMetric(url, "alpr_detections_total", { status: "stored" }).catch(() => 0);
  await until("everything is stored", async () => (await stored()) >= all.length, { withinMs: 240_000, everyMs: 1000 });
  for (const id of CAMERAS)
    await operate(dataDir, ["camera", "approve", "--collector", "Town", "--id", id, "--name", `Camera ${id}`]);
};

beforeAll(async () => {
  central = await startCentral(dataDir);
  account = await addAdministrator(dataDir);
  await seed(central.url);
  browser = await startBrowser();
  const first = await visit(browser, "desktop", "en");
  await signInThroughScreens(first.page, central.url, account);
  await follow(first.page, "/lists");
  await first.page.locator(".actions-line button").first().click();
  await first.page.getByRole("dialog").locator("input[name=name]").fill("Stolen vehicles");
  await first.page.getByRole("dialog").locator("button[type=submit]").click();
  await first.page.locator(".watchlist", { hasText: "Stolen vehicles" }).waitFor();
  session = await first.context.storageState();
  await first.context.close();
}, 400_000);

afterAll(async () => {
  await browser?.close();
  endEverything(dataDir);
});

/** Each screen on the way is passable for everybody and fits. */
const check = async (page: Page, name: string): Promise<void> => {
  await shoot(page, name);
  expect({ name, violations: await violations(page) }).toEqual({ name, violations: [] });
  expect({ name, overflow: await overflow(page) }).toEqual({ name, overflow: [] });
};

const search = async (page: Page, text: string): Promise<void> => {
  await page.fill("input[data-search]", text);
  await page.press("input[data-search]", "Enter");
};

const whyOf = (page: Page, plate: string): Promise<string> =>
  page.locator(`.hit[data-hit='${plate}'] .whys`).innerText();

/** How many sightings a timeline has, drawn or not: its rows without the headings of its days. */
const countSightings = async (page: Page): Promise<number> => {
  const first = page.locator(".timeline .virtual > li").first();
  return (await first.count()) === 0 ? 0 : Number(await first.getAttribute("aria-setsize")) - DAYS;
};

/** On the phone the parts of a plate's page are one at a time. */
const openPart = async (page: Page, device: Device, part: number): Promise<void> => {
  if (device === "phone") await page.locator(".part-tabs button").nth(part).click();
};

test.for(VISITS.map((one, place) => [...one, place] as const))(
  "an investigation on a %s in %s, from half a plate to a watched pattern",
  async ([device, language, place]) => {
    const { page, context, complaints } = await visit(browser, device, language, session);
    const cars = carsOf(place);
    const at = (name: string) => `search-${name}.${device}.${language}`;
    const dialog = page.getByRole("dialog");
    await page.goto(`${central.url}/search`);

    // What for: asked once, before anything is looked for.
    await search(page, cars.pattern);
    await dialog.locator("input[type=radio]").first().check();
    await dialog.locator("input[name=caseNumber]").fill("26-118");
    await dialog.locator("button[type=submit]").click();

    // A pattern: each plate that fits says so and shows what stood for the unknown character.
    await page.locator(`.hit[data-hit='${cars.wanted}']`).waitFor();
    for (const plate of [cars.wanted, cars.misread, cars.other]) {
      expect(await whyOf(page, plate)).toContain(cars.pattern.replace("-", ""));
      expect(await page.locator(`.hit[data-hit='${plate}'] .plate b`).allTextContents()).toEqual([plate.charAt(2)]);
    }
    expect(await page.locator(".purpose-bar").textContent()).toContain("26-118");
    const address = new URL(page.url());
    expect([address.pathname, address.search]).toEqual(["/search", ""]);
    expect(decodeURIComponent(address.hash)).toContain(cars.pattern);
    await check(page, at("pattern"));

    // A filter: of one camera, in sight as a chip, and taken away by it.
    await page.locator(".filter-button").click();
    await dialog.locator(".check", { hasText: "Camera mill" }).locator("input").check();
    await check(page, at("filters"));
    await dialog.locator("button[type=submit]").click();
    await page.locator(`.hit[data-hit='${cars.misread}']`).waitFor({ state: "hidden" });
    expect(await page.locator(".chip").allInnerTexts()).toEqual(["Camera mill"]);
    await page.locator(".chip").click();
    await page.locator(`.hit[data-hit='${cars.misread}']`).waitFor();

    // A whole plate: the look-alike and the plain mistake are told apart.
    await search(page, cars.plate);
    await page.locator(`.hit[data-hit='${cars.misread}'] .why-look`).waitFor();
    expect(await whyOf(page, cars.misread)).toMatch(/8.*B/);
    expect(await whyOf(page, cars.other)).toMatch(/8.*3|3.*8/);
    expect(await page.locator(`.hit[data-hit='${cars.other}'] .why-look`).count()).toBe(0);

    // To the plate: by the keyboard where there is one.
    if (device === "desktop") {
      await page.locator(`.hit[data-hit='${cars.wanted}']`).focus();
      await page.keyboard.press("j");
      await page.keyboard.press("k");
      await page.keyboard.press("Enter");
    } else await page.locator(`.hit[data-hit='${cars.wanted}']`).click();
    await page.locator(".timeline .sighting").first().waitFor();
    expect(new URL(page.url()).pathname).toBe("/plates");
    expect(await page.locator(".timeline .day-row").first().innerText()).toMatch(/\s4$/);
    expect(await countSightings(page)).toBe(DAYS * CAMERAS.length);
    await check(page, at("plate"));

    // Every number opens its rows.
    await openPart(page, device, 1);
    const camera = page.locator(".camera-hours li").first();
    const sightings = Number(await camera.locator("strong").innerText());
    await camera.locator(".camera-open").click();
    await until("its rows are there", async () => (await countSightings(page)) === sightings);
    await page.locator(".timeline-filters .quiet-button").click();

    // Its company, and the two beside each other.
    await openPart(page, device, 2);
    const companion = page.locator(".companion", { hasText: cars.companion });
    await companion.locator(".companion-open").click();
    expect(await companion.locator(".meeting").count()).toBeGreaterThanOrEqual(3);
    await check(page, at("together"));
    await companion.locator(".button").click();
    await page.locator(".pair.met").first().waitFor();
    expect(await page.locator(".compare-sum").innerText()).toContain(String(DAYS * CAMERAS.length));
    await check(page, at("compare"));

    // A misread one is set right: the reading stays, and both plates find it.
    await follow(page, `/plates#plate=${cars.misread}`);
    await page.locator(".timeline .sighting button").first().click();
    await dialog.locator("input[name=plate]").fill(cars.plate);
    await dialog.locator("input[name=reason]").fill("The photo shows an 8");
    await check(page, at("correct"));
    await dialog.locator("button[type=submit]").click();
    const said = page.locator(".timeline .sighting .warn");
    await said.waitFor();
    expect(await said.innerText()).toContain(cars.misread);
    await openPart(page, device, 3);
    await page.locator("textarea[name=note]").fill("Seen by two volunteers");
    await page.locator(".note-form button").click();
    await page.locator(".said-text", { hasText: "Seen by two volunteers" }).waitFor();
    expect(await page.locator(".said-plates .plate").allTextContents()).toEqual([cars.misread, cars.wanted]);
    await follow(page, `/plates#plate=${cars.wanted}`);
    await page.locator(".timeline .sighting").first().waitFor();
    expect(await countSightings(page)).toBe(DAYS * CAMERAS.length + 1);
    // It is among the oldest, which are drawn when they come into view.
    await page.evaluate(() => document.querySelector("main")?.scrollTo(0, 1e6));
    await page.locator(".timeline .sighting .warn").waitFor();
    await follow(page, `/search#q=${cars.misread}&way=exact`);
    await page.locator(`.hit[data-hit='${cars.misread}']`).waitFor();

    // Kept, removed, brought back, and run again.
    await follow(page, `/search#q=${encodeURIComponent(cars.pattern)}`);
    await page.locator(".found-acts button").first().click();
    await dialog.locator("input[name=name]").fill(`Half a plate ${place}`);
    await dialog.locator("button[type=submit]").click();
    await dialog.waitFor({ state: "hidden" });
    await follow(page, "/search");
    const kept = page.locator(".saved li", { hasText: `Half a plate ${place}` });
    await kept.waitFor();
    await check(page, at("start"));
    await kept.locator("button").last().click();
    await kept.waitFor({ state: "hidden" });
    await page.locator(".toast-action").last().click();
    await kept.locator("a").click();
    await page.locator(`.hit[data-hit='${cars.wanted}']`).waitFor();

    // Watched for two weeks, knowing what it will match.
    await page.locator(".found-acts button").last().click();
    await dialog.locator("input[name=match][value=pattern]").waitFor();
    expect(await dialog.locator("input[name=match]").count()).toBe(1);
    const days = (Date.parse(await dialog.locator("input[name=ends]").inputValue()) - Date.now()) / DAY_MS;
    expect(Math.round(days)).toBeGreaterThanOrEqual(13);
    expect(Math.round(days)).toBeLessThanOrEqual(14);
    await dialog.locator(".preview button").click();
    await dialog.locator(".preview p", { hasText: cars.wanted }).waitFor();
    await dialog.locator("input[name=reason]").fill("Half a plate from a witness");
    await check(page, at("watch"));
    await dialog.locator("button[type=submit]").click();
    await dialog.waitFor({ state: "hidden" });
    await follow(page, "/lists");
    await page.locator(".entry", { hasText: cars.pattern.replace("-", "") }).waitFor();
    await check(page, at("lists"));

    // The next visit says again what it is for.
    await follow(page, "/search");
    await page.locator(".purpose-acts button").first().click();
    await page.locator(".purpose-bar").waitFor({ state: "hidden" });
    expect(complaints()).toEqual([]);
    await context.close();
  },
);

test("no plate that was looked at stands in an address that central was asked for", () => {
  const requests = central
    .output()
    .split("\n")
    .filter((line) => line.includes('"request"'));
  expect(requests.length).toBeGreaterThan(50);
  const plates = VISITS.flatMap((_visit, place) => Object.values(carsOf(place)));
  expect(requests.filter((line) => plates.some((plate) => line.includes(plate)))).toEqual([]);
});

test.for([
  [`/search?q=${BUS}&exact=1`, `/search#q=${BUS}&way=exact`],
  [`/plates/${BUS}`, `/plates#plate=${BUS}`],
] as const)("the address %s is understood, and becomes %s, of which no server sees the plate", async ([old, now]) => {
  const { page, context } = await visit(browser, "desktop", "en", session);
  await page.goto(`${central.url}${old}`);
  await page.waitForURL(`${central.url}${now}`);
  await page.locator("main h2, main .plate, main input").first().waitFor();
  expect(page.url()).toBe(`${central.url}${now}`);
  await context.close();
});
