/**
 * A site as its administrator looks after it: what waits there, what is silent, a test of the whole way, and what it sent
 * that central does not take as fact.
 * Rule: the collector and its troubles are real; what is on the screen is looked for where a person would look.
 */
/// <reference lib="dom" />
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Device,
  type Language,
  type Visit,
  follow,
  overflow,
  setTheme,
  shoot,
  signInThroughScreens,
  startBrowser,
  violations,
  visit,
} from "./support/browser.ts";
import { type Account, type Central, addAdministrator, operate, startCentral } from "./support/central.ts";
import { CAMERA, type Collector, type Site, aPicture, dropDetection, prepareSite } from "./support/collector.ts";
import { endEverything, temporaryFolder } from "./support/processes.ts";
import { type Proxy, openProxy } from "./support/proxy.ts";
import { totpCode } from "./support/totp.ts";

const NAME = "Bridge";
/** As long as a name may be. */
const LONG_NAME = "North Gate of the industrial estate beyond the old railway";
/** A camera that saw much at this hour of other days, and is up. */
const SILENT = "yard";
/** Central judges a camera by its silence from ten detections on that are usual by now; twice as many leave no doubt. */
const USUAL_BY_NOW = 20;
const BATCH = 400;
const HOUR_MS = 3_600_000;
/** What starting everything may take before the silence is judged: the hour may have ended by then. */
const START_MS = 3 * 60_000;
const NARROW = { width: 320, height: 640 };
/** 20 MB: more than a minute and a half on the slow line, with something sent between any two heartbeats. */
const BACKLOG = { count: 100, bytes: 200_000 };
const SLOW_LINE = { bytesPerSecond: 200_000 };
const HEARTBEAT_MS = 3000;

const dataDir = temporaryFolder("collectors-central");
let central: Central;
let account: Account;
let apiKey: string;
let line: Proxy;
let site: Site;
let collector: Collector;
let browser: Browser;
let desk: Visit;
let session: BrowserContextOptions["storageState"];
let sitePath = "";
let itemPath = "";

/** UUID v7 (RFC 9562) of a time. */
const idAt = (atMs: number): string => {
  const time = atMs.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
};

const aPlainDetection = (cameraId: string, plate: string, atMs: number) => ({
  id: idAt(atMs),
  cameraId,
  capturedAt: new Date(atMs).toISOString(),
  cameraTime: null,
  plate: { text: plate, confidence: 0.9 },
  images: [],
});

/** Sends detections as a script with the collector's key would. */
const post = async (detections: readonly unknown[]): Promise<string[]> => {
  const form = new FormData();
  form.append("detections", new Blob([JSON.stringify(detections)], { type: "application/json" }));
  const response = await fetch(`${central.url}/api/v1/detections/batch`, {
    method: "POST",
    headers: { "X-API-Key": apiKey },
    body: form,
  });
  const { results } = (await response.json()) as { results: { status: string }[] };
  return results.map(({ status }) => status);
};

/** What the camera saw at this hour of the three days before; close to its end, at the next hour as well. */
const seePast = async (): Promise<void> => {
  const elapsedMs = Date.now() % HOUR_MS;
  const hour = Date.now() - elapsedMs;
  const hours = [{ start: hour, elapsedMs }];
  if (elapsedMs + START_MS > HOUR_MS) hours.push({ start: hour + HOUR_MS, elapsedMs: 0 });
  const seen = hours.flatMap(({ start, elapsedMs: sinceMs }) => {
    // By the time that everything runs it is at least half a minute past the full hour.
    const count = Math.ceil((USUAL_BY_NOW * HOUR_MS) / Math.max(30_000, sinceMs));
    return [1, 2, 3].flatMap((days) =>
      Array.from({ length: count }, (_, number) =>
        aPlainDetection(SILENT, `D${days}N${number}`, start - days * 24 * HOUR_MS + number),
      ),
    );
  });
  for (let from = 0; from < seen.length; from += BATCH) await post(seen.slice(from, from + BATCH));
};

/** Gives the code, if central asks for a fresh one before the act. */
const stepUpIfAsked = async (page: Page, done: ReturnType<Page["locator"]>): Promise<void> => {
  const code = page.locator("input[autocomplete=one-time-code]");
  await code.or(done).first().waitFor();
  if (await code.isVisible()) await code.fill(totpCode(account.totpSecret, Date.now() + 30_000));
};

beforeAll(async () => {
  central = await startCentral(dataDir);
  account = await addAdministrator(dataDir);
  apiKey = (await operate(dataDir, ["collector", "add", "--name", NAME]))["apiKey"] ?? "";
  await operate(dataDir, ["collector", "add", "--name", LONG_NAME]);
  for (const id of [CAMERA, SILENT]) await operate(dataDir, ["camera", "approve", "--collector", NAME, "--id", id]);
  await seePast();
  line = await openProxy(central.port, Math.random);
  const folder = temporaryFolder("collectors-site");
  site = prepareSite(
    folder,
    { url: line.url, apiKey },
    {
      heartbeatMs: HEARTBEAT_MS,
      cameras: [
        { id: CAMERA, adapter: "folder", path: join(folder, "drop") },
        { id: SILENT, adapter: "folder", path: join(folder, "drop-yard") },
      ],
    },
  );
  collector = await site.start();
  browser = await startBrowser();
  desk = await visit(browser, "desktop", "en");
  await signInThroughScreens(desk.page, central.url, account);
  session = await desk.context.storageState();
  desk.complaints();
});

afterAll(async () => {
  await browser?.close();
  await line?.[Symbol.asyncDispose]();
  endEverything(dataDir);
});

test("a camera that is up and silent stands above the list, and leads to its collector", async () => {
  const { page } = desk;
  await page.click("nav.navigation a[href='/collectors']");
  const problem = page.locator(".all-problems a", { hasText: `${SILENT} is up but silent: 0 seen` });
  await problem.waitFor({ timeout: 60_000 });
  await problem.click();
  await page.getByRole("heading", { name: NAME }).waitFor();
  sitePath = new URL(page.url()).pathname;
  await page.locator(".site-problems").getByText("Send a test. If that arrives, it is the camera").waitFor();
  const row = page.locator(".site-cameras tr", { hasText: SILENT });
  // It says "Connecting" until the folder has been looked at, a heartbeat has told so, and the screen has asked again.
  await expect.poll(() => row.textContent(), { timeout: 45_000 }).toContain("Up, but silent");
  await row.getByText(/^0, usual about \d+$/).waitFor();
});

test("what waits on a slow line is counted by lane, dated, and has an end in sight", async () => {
  const { page } = desk;
  line.set(SLOW_LINE);
  for (let count = 0; count < BACKLOG.count; count++) {
    await dropDetection(site, `W${count}`, { plate: `W${count}`, pictures: [aPicture("crop", BACKLOG.bytes)] });
  }
  const pictures = page.locator(".site-facts > div", { hasText: "Pictures" }).first();
  await expect.poll(() => pictures.textContent(), { timeout: 45_000 }).toMatch(/Pictures\d+ · oldest \d\d:\d\d/);
  await page.getByText(/^All sent at about \d\d:\d\d, in \d+ (seconds|minutes?)$/).waitFor({ timeout: 45_000 });
  await page.getByText("Each detection is signed by its device").waitFor();
});

test("a test detection is followed from the button to central, past what waits", async () => {
  const { page } = desk;
  await page.getByRole("button", { name: `Send a test detection from ${CAMERA}` }).click();
  const progress = page.getByRole("group", { name: `Test detection of ${CAMERA}` });
  await progress.locator("li.reached", { hasText: "Sent" }).waitFor();
  await progress.getByText(/^The test arrived \d+ seconds? after it was sent\.$/).waitFor({ timeout: 60_000 });
  expect(await progress.locator("li.reached").count()).toBe(3);
  const command = page.locator(".command-row", { hasText: "Test detection" });
  expect(await command.textContent()).toContain("Dispatcher");
  expect(await violations(page)).toEqual([]);
});

test("when the line is good again nothing waits any more", async () => {
  line.set();
  await desk.page.getByText("Nothing waits.").waitFor({ timeout: 60_000 });
  expect(collector.isAlive()).toBe(true);
});

test("diagnostics come as text that can be read and taken along", async () => {
  const { page } = desk;
  await page.getByRole("button", { name: "Give a command" }).click();
  await page.getByRole("dialog").getByText("Diagnostics", { exact: true }).click();
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await stepUpIfAsked(page, page.locator(".command-row", { hasText: "Diagnostics" }));
  await page.getByRole("button", { name: /^Read the diagnostics/ }).click({ timeout: 45_000 });
  expect(await page.getByRole("region", { name: "Diagnostics" }).textContent()).toContain('"capturing"');
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  expect((await download).suggestedFilename()).toMatch(/^Bridge-.*\.log$/);
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("Escape");
});

test("what is not signed is counted, looked into as text, and released by name", async () => {
  const { page } = desk;
  const hostile = { ...aPlainDetection(CAMERA, "QUAR01", Date.now()), note: "<img src=x onerror=alert(1)>" };
  expect(await post([hostile])).toEqual(["quarantined"]);
  await page.getByRole("link", { name: "Back" }).click();
  await page.getByRole("link", { name: /^Quarantine\s*1$/ }).click();
  const open = page.locator(".log-open");
  await open.waitFor();
  await open.focus();
  await page.keyboard.press("Enter");
  const raw = page.getByRole("region", { name: "As it was received" });
  await raw.waitFor();
  expect(await raw.textContent()).toContain("<img src=x onerror=alert(1)>");
  itemPath = new URL(page.url()).search;
  await page.getByRole("button", { name: "Decide", exact: true }).click();
  await page.getByText("Choose a decision.").waitFor();
  await page.getByText("Release", { exact: true }).click();
  await page.fill("input[name=note]", "An older version was installed");
  await page.getByRole("button", { name: "Decide", exact: true }).click();
  const done = page.getByText("Released: it is a detection now");
  await stepUpIfAsked(page, done);
  await done.waitFor();
  await page.getByText("Nothing waits for a decision").waitFor();
  await page.getByRole("button", { name: "Decided" }).click();
  const decided = page.locator(".quarantine tbody tr");
  await decided.waitFor();
  expect(await decided.textContent()).toMatch(/Released\s*Dispatcher/);
  await page.click("nav.navigation a[href='/live']");
  await page.locator(".live-row .cell-plate", { hasText: "QUAR01" }).waitFor();
  expect(desk.complaints()).toEqual([]);
});

const SCREENS: Record<string, { path: () => string; ready: string }> = {
  collectors: { path: () => "/collectors", ready: ".all-problems a" },
  collector: { path: () => sitePath, ready: ".command-row" },
  quarantine: { path: () => "/quarantine", ready: ".notice" },
  decided: { path: () => `/quarantine${itemPath}&show=decided`, ready: ".quarantine-detail" },
};

test.for<[Device, Language]>([
  ["phone", "en"],
  ["phone", "he"],
  ["desktop", "en"],
  ["desktop", "he"],
])("these screens on a %s in %s are accessible, fit, and complain about nothing", async ([device, language]) => {
  const { context, page, complaints } = await visit(browser, device, language, session);
  await page.goto(`${central.url}/collectors`);
  const wrong: string[] = [];
  for (const [name, { path, ready }] of Object.entries(SCREENS)) {
    await follow(page, path());
    await page.locator(ready).first().waitFor();
    // A phone is used in the sun and at night; the two layouts share their colours.
    for (const theme of device === "phone" ? (["light", "dark"] as const) : (["dark"] as const)) {
      await setTheme(page, theme);
      wrong.push(...(await violations(page)).map((what) => `${name} ${theme}: ${what}`));
    }
    await shoot(page, `${name}.${device}.${language}`);
    if (device !== "phone") continue;
    await page.setViewportSize(NARROW);
    wrong.push(...(await overflow(page)).map((what) => `${name} 320 px: ${what}`));
    await page.setViewportSize({ width: 390, height: 844 });
  }
  await context.close();
  expect(wrong).toEqual([]);
  expect(complaints()).toEqual([]);
});
