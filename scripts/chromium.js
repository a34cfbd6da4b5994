/**
 * Finds a Chromium for the tests, and installs Debian's where that is allowed. Run by itself it prints the path.
 * Rule: no dependency, and nothing is installed without being root.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where packages put a browser that the tests can drive. */
const USUAL_PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Inside a browser that Playwright downloaded. */
const PLAYWRIGHT_BINARIES = ["chrome-linux/chrome", "chrome-linux64/chrome", "chrome-linux-arm64/chrome"];

const isDebian = existsSync("/etc/debian_version");

/** What to type where this program may not install it. */
export const CHROMIUM_ADVICE = isDebian
  ? "The tests need Chromium. Type: sudo apt-get install -y chromium"
  : "The tests need Chromium. Type: npx playwright-core install chromium (or set CHROMIUM_PATH to an installed one)";

const playwrightBrowsers = () => {
  const cache = process.env.PLAYWRIGHT_BROWSERS_PATH || join(homedir(), ".cache/ms-playwright");
  if (!existsSync(cache)) return [];
  const versions = readdirSync(cache).filter((name) => /^chromium-\d+$/.test(name));
  return versions.flatMap((version) => PLAYWRIGHT_BINARIES.map((binary) => join(cache, version, binary)));
};

/**
 * The path of a Chromium, or null. CHROMIUM_PATH alone counts when it is set, so that a test run never silently uses
 * another browser than the one that was asked for.
 */
export const findChromium = () => {
  const chosen = process.env.CHROMIUM_PATH;
  const places = chosen ? [chosen] : [...USUAL_PLACES, ...playwrightBrowsers()];
  return places.find((path) => existsSync(path)) ?? null;
};

/** Installs Debian's Chromium. Returns what went wrong or what to type instead, or null when it is there now. */
export const installChromium = () => {
  const chosen = process.env.CHROMIUM_PATH;
  if (chosen) return `CHROMIUM_PATH names ${chosen}, which does not exist. Correct it or unset it.`;
  if (!isDebian || process.getuid?.() !== 0) return CHROMIUM_ADVICE;
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", "chromium"]]) {
    const run = spawnSync("apt-get", args, {
      encoding: "utf8",
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    if (run.status !== 0)
      return `${run.stdout ?? ""}${run.stderr ?? run.error?.message}\napt-get ${args.join(" ")} failed. ${CHROMIUM_ADVICE}`;
  }
  return findChromium() ? null : CHROMIUM_ADVICE;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = findChromium();
  if (path) process.stdout.write(`${path}\n`);
  process.exitCode = path ? 0 : 1;
}
