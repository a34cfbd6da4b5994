/**
 * A real Chromium, the devices that people hold, and what is asked of every screen.
 * Rule: a page that writes an error to its console, or fails to load something, fails its test.
 */
/// <reference lib="dom" />
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, type BrowserContext, type BrowserContextOptions, type Page, chromium } from "playwright-core";
import type { Account } from "./central.ts";
import { ROOT } from "./processes.ts";
import { totpCode } from "./totp.ts";

/** WCAG 2.2, levels A and AA, with everything that came before. */
const STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
/** What a person would wait for at most; a machine that is busy with other programs included. */
const ACTION_MS = 15_000;
const SHOTS = join(ROOT, "test-results/shots");

export type Language = "en" | "he";
export type Theme = "dark" | "light";

export const DEVICES = {
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  desktop: { viewport: { width: 1440, height: 900 } },
} as const satisfies Record<string, BrowserContextOptions>;
export type Device = keyof typeof DEVICES;

/** Starts the browser: CHROMIUM_PATH, or Debian's. */
export const startBrowser = (): Promise<Browser> => {
  const executablePath = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
  if (!existsSync(executablePath)) throw new Error(`There is no Chromium at ${executablePath}: set CHROMIUM_PATH.`);
  const args = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  return chromium.launch({ executablePath, args });
};

export type Visit = {
  context: BrowserContext;
  page: Page;
  /** What the console and the network complained about since the last time this was asked. */
  complaints: () => string[];
};

/** Opens a page on a device, in a language, in the dark theme; signed in when a session is given. */
export const visit = async (
  browser: Browser,
  device: Device,
  language: Language,
  session?: BrowserContextOptions["storageState"],
): Promise<Visit> => {
  const context = await browser.newContext({
    ...DEVICES[device],
    locale: language === "he" ? "he-IL" : "en-GB",
    // A row that is half faded in has half its contrast; what is judged is the row.
    reducedMotion: "reduce",
    ...(session === undefined ? {} : { storageState: session }),
  });
  await context.addInitScript((chosen) => {
    localStorage.setItem("chaverim.language", chosen);
    if (localStorage.getItem("chaverim.theme") === null) localStorage.setItem("chaverim.theme", "dark");
  }, language);
  const page = await context.newPage();
  page.setDefaultTimeout(ACTION_MS);
  let complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  return {
    context,
    page,
    complaints: () => {
      const told = complaints;
      complaints = [];
      return told;
    },
  };
};

/** Signs in through the screens: password, then the code of this half minute. */
export const signInThroughScreens = async (page: Page, url: string, account: Account): Promise<void> => {
  await page.goto(url);
  await page.fill("input[name=email]", account.email);
  await page.fill("input[name=password]", account.password);
  await page.click("button[type=submit]");
  const code = page.locator("input[autocomplete=one-time-code]");
  await code.fill(totpCode(account.totpSecret));
  const submit = page.locator("button[type=submit]");
  // The code may be sent by itself at its sixth digit.
  await Promise.race([
    page.locator("nav.navigation").waitFor(),
    submit.click({ timeout: 2000 }).catch(() => undefined),
  ]);
  await page.locator("nav.navigation").waitFor();
};

/** Goes to a screen as a link would, without loading the page again. */
export const follow = (page: Page, path: string): Promise<void> =>
  page.evaluate((address) => {
    history.pushState(null, "", address);
    dispatchEvent(new PopStateEvent("popstate"));
  }, path);

/** Waits until nothing fades or moves any more: half-way colours are nobody's. */
const settle = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    const passing = document.getAnimations().filter(({ effect }) => effect?.getTiming().iterations !== Infinity);
    await Promise.allSettled(passing.map(({ finished }) => finished));
  });

export const setTheme = async (page: Page, theme: Theme): Promise<void> => {
  await page.evaluate((chosen) => document.documentElement.setAttribute("data-theme", chosen), theme);
  await settle(page);
};

/** Every violation, as the rule and what it was found on. */
export const violations = async (page: Page): Promise<string[]> => {
  // Rows of a list are alike; the contrast of three hundred of them takes seconds and says nothing new.
  const axe = new AxeBuilder({ page }).withTags(STANDARD).exclude("li:nth-child(n + 7)");
  const { violations: found } = await axe.analyze();
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, any }) => `${id}: ${target.join(" ")} ${any[0]?.message ?? ""}`),
  );
};

/** What stands out of a narrow page sideways: the page itself, or elements of its main part. */
export const overflow = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const limit = document.documentElement.clientWidth;
    const wide = document.documentElement.scrollWidth > limit ? [`page ${document.documentElement.scrollWidth}`] : [];
    const main = document.querySelector("main");
    if (main !== null && main.scrollWidth > main.clientWidth) wide.push(`main ${main.scrollWidth}`);
    return wide;
  });

/** Keeps a picture of what is on the screen, for people to look at. */
export const shoot = async (page: Page, name: string): Promise<void> => {
  await settle(page);
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
};
