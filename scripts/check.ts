/**
 * `npm run check`: everything about the code that can be told without running it, one line a step.
 * Rule: every step runs whatever the others say, and one that fails shows its whole output.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { belowFloor, missingFromLock, unpinned, type Lock } from "./lock.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What is wrong, or an empty string. */
type Step = () => Promise<string> | string;

const program =
  (name: string, ...args: string[]): Step =>
  () =>
    new Promise((resolve) => {
      const child = spawn(`${root}node_modules/.bin/${name}`, args, { cwd: root });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
      child.on("error", (error) => resolve(error.message));
      child.on("close", (code, signal) => resolve(code === 0 ? "" : `${output}\n${name} ended with ${signal ?? code}`));
    });

const lock: Step = () => {
  const content = JSON.parse(readFileSync(`${root}package-lock.json`, "utf8")) as Lock;
  return [...missingFromLock(content), ...belowFloor(content), ...unpinned(content)].join("\n");
};

const STEPS: [name: string, step: Step][] = [
  ["types", program("tsc", "-b")],
  // Correctness, promises, and the import law: .oxlintrc.json.
  ["lint", program("oxlint")],
  ["format", program("oxfmt", "--check")],
  // Files, exports and dependencies that nobody uses, and uses that nobody declared.
  ["unused", program("knip", "--no-progress")],
  ["lock", lock],
];

let failed = 0;
for (const [name, step] of STEPS) {
  const startedAt = performance.now();
  const wrong = await step();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${wrong ? "FAIL" : "ok  "}  ${name.padEnd(6)}  ${seconds.padStart(5)} s`);
  if (wrong) console.log(`\n${wrong.trim()}\n`);
  if (wrong) failed += 1;
}
if (failed > 0) console.log(`${failed} of ${STEPS.length} checks failed`);
process.exitCode = failed > 0 ? 1 : 0;
