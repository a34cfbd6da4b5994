/**
 * The live view while central is away: it says so, and when central is back nothing is missing and nothing is there twice.
 * Rule: what is on the screen is compared with what was dropped at the camera.
 */
/// <reference lib="dom" />
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Visit, signInThroughScreens, startBrowser, visit } from "./support/browser.ts";
import { type Central, addAdministrator, operate, startCentral } from "./support/central.ts";
import { CAMERA, type Collector, type Site, aPicture, dropDetection, prepareSite } from "./support/collector.ts";
import { endEverything, temporaryFolder, until } from "./support/processes.ts";

const dataDir = temporaryFolder("live-central");
const dropped: string[] = [];
let central: Central;
let collector: Collector;
let site: Site;
let browser: Browser;
let phone: Visit;

/** A car passes the camera now. */
const pass = async (): Promise<string> => {
  const plate = `L${String(dropped.length).padStart(3, "0")}X`;
  dropped.push(plate);
  const pictures = [aPicture("crop", 10_000)];
  await dropDetection(site, plate, { plate, capturedAt: new Date().toISOString(), pictures });
  return plate;
};

const platesOn = (page: Page): Promise<string[]> => page.locator(".live-row .cell-plate").allTextContents();

const appears = (plate: string) =>
  until(`${plate} appears`, async () => (await platesOn(phone.page)).includes(plate), {
    withinMs: 40_000,
    everyMs: 200,
  });

beforeAll(async () => {
  central = await startCentral(dataDir);
  const account = await addAdministrator(dataDir);
  const { apiKey } = await operate(dataDir, ["collector", "add", "--name", "Gate"]);
  await operate(dataDir, ["camera", "approve", "--collector", "Gate", "--id", CAMERA]);
  site = prepareSite(temporaryFolder("live-collector"), { url: central.url, apiKey: apiKey ?? "" });
  collector = await site.start();
  browser = await startBrowser();
  phone = await visit(browser, "phone", "en");
  await signInThroughScreens(phone.page, central.url, account);
  await phone.page.click("nav.navigation a[href='/live']");
});

afterAll(async () => {
  await browser?.close();
  endEverything(dataDir);
});

test("a detection appears without a reload, and the view goes grey and dated while central is away", async () => {
  const { page } = phone;
  await page.evaluate(() => document.body.setAttribute("data-same-page", ""));
  await pass();
  await appears(dropped[0] ?? "");
  await central.kill();
  await page.locator(".screen.stale").waitFor({ timeout: 40_000 });
  const said = await page.locator(".stale-line").textContent();
  expect(said).toMatch(/\d\d?:\d\d/);
  expect(await platesOn(page)).toEqual([dropped[0]]);
});

test("when central is back the view fills in by itself: no gap, no repeat, in the order of the road", async () => {
  const { page } = phone;
  for (let count = 0; count < 5; count++) await pass();
  central = await startCentral(dataDir, central.port);
  await appears(dropped.at(-1) ?? "");
  await page.locator(".screen:not(.stale)").waitFor({ timeout: 40_000 });
  await appears(await pass());
  expect(await platesOn(page)).toEqual(dropped.toReversed());
  expect(await page.locator("body[data-same-page]").count(), "the page was not loaded again").toBe(1);
  expect(collector.isAlive()).toBe(true);
});
