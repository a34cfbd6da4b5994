/**
 * `npm test`: one run of every test project, with whatever arguments vitest takes.
 * Rule: the last line is the count (`N passed, N failed`), and the exit code is 0 only when everything ran and passed.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Twice what a busy machine of two cores has needed: a run that hangs still ends, long before CI's 90 minutes, and says so. */
const RUN_MS_MAX = 45 * 60_000;

/** What is read of vitest's JSON report. */
type Report = {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
};

const runVitest = (reportFile: string): Promise<number> => {
  const found = spawnSync(process.execPath, [join(root, "scripts/chromium.js")], { encoding: "utf8" }).stdout.trim();
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const reporting = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const child = spawn(process.execPath, [vitest, "run", ...reporting, ...process.argv.slice(2)], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...(found ? { CHROMIUM_PATH: found } : {}) },
    timeout: RUN_MS_MAX,
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
};

const readReport = (file: string): Report | null => {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch (error) {
    console.log(`vitest left no report: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
};

/** A file that could not be loaded has no test that failed, and is a failure all the same. */
const countUnloaded = ({ testResults }: Report): number =>
  testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some(({ status }) => status === "failed"),
  ).length;

const folder = mkdtempSync(join(tmpdir(), "test-report-"));
const reportFile = join(folder, "report.json");
const code = await runVitest(reportFile);
const report = readReport(reportFile);
rmSync(folder, { recursive: true, force: true });

const passed = report?.numPassedTests ?? 0;
const skipped = report ? report.numPendingTests + report.numTodoTests : 0;
const counted = report ? report.numFailedTests + countUnloaded(report) : 0;
// A crash, an unhandled rejection or a failed set-up belongs to no test: it counts as one.
const failed = code !== 0 && counted === 0 ? 1 : counted;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 ? 1 : 0;
