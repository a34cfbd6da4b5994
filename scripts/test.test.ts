/** Runs `scripts/test.ts` on small suites that pass, fail and fall over, and reads its last line as a machine would. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = realpathSync(mkdtempSync(join(tmpdir(), "test-run-")));

beforeAll(() => symlinkSync(join(root, "node_modules"), join(folder, "node_modules")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs test files, given by name, as a suite of their own. */
const run = (name: string, files: Record<string, string>) => {
  const suite = join(folder, name);
  mkdirSync(suite);
  writeFileSync(join(suite, "vitest.config.ts"), "export default {};");
  for (const [file, code] of Object.entries(files))
    writeFileSync(join(suite, file), `import { expect, test } from "vitest";\n${code}`);
  // The suite must not believe that it runs inside this one.
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith("VITEST")));
  return new Promise<{ code: number | null; last: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      [join(root, "scripts/test.ts"), "--root", suite],
      { env },
      (_error, stdout) => resolve({ code: child.exitCode, last: stdout.trimEnd().split("\n").at(-1) ?? "" }),
    );
  });
};

const passes = `test("passes", () => { expect(1).toBe(1); });`;

test("a run in which everything passes ends with its count and 0", async () => {
  expect(await run("green", { "a.test.ts": passes, "b.test.ts": passes })).toEqual({
    code: 0,
    last: "2 passed, 0 failed",
  });
});

test("a failed test is counted, and so is a skipped one", async () => {
  const files = {
    "a.test.ts": `${passes} test("fails", () => { expect(1).toBe(2); }); test.skip("waits", () => {}); test.todo("later");`,
  };
  expect(await run("red", files)).toEqual({ code: 1, last: "1 passed, 1 failed, 2 skipped" });
});

test("a file that cannot be loaded counts as one that failed", async () => {
  expect(await run("unloadable", { "a.test.ts": passes, "b.test.ts": `import "./nowhere.ts"; ${passes}` })).toEqual({
    code: 1,
    last: "1 passed, 1 failed",
  });
});

test("a rejection that no test awaits counts as a failure", async () => {
  const files = {
    "a.test.ts": `test("leaves one behind", () => { void Promise.reject(new Error("late")); expect(1).toBe(1); });`,
  };
  expect(await run("unhandled", files)).toEqual({ code: 1, last: "1 passed, 1 failed" });
});

test("a run that falls over before its first test is a failure", async () => {
  expect(await run("crash", { "vitest.config.ts": `throw new Error("broken");` })).toEqual({
    code: 1,
    last: "0 passed, 1 failed",
  });
});

test("a run without any test is a failure", async () => {
  expect(await run("empty", {})).toEqual({ code: 1, last: "0 passed, 1 failed" });
});
