/**
 * How fast and how well any plate is found, and the same questions on the shape of comparable systems.
 * Rule: measured inside a real central (packages/api/src/testing/search-figures.ts); this only starts it and reports.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Figure, Report } from "./report.ts";

const FIGURES = fileURLToPath(new URL("../../packages/api/src/testing/search-figures.ts", import.meta.url));
/** The owner's "millions of detections" begin here; the targets are for ten. */
const ROWS = 1_000_000;
const SEED = 1;

export const benchSearch = async (report: Report, options: Map<string, number>): Promise<void> => {
  const args = [options.get("rows") ?? ROWS, options.get("seed") ?? SEED, options.get("peer") ?? 1].map(String);
  const child = spawn(process.execPath, [FIGURES, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  for await (const line of createInterface(child.stdout)) report(JSON.parse(line) as Figure);
  const [code] = (await ended) as [number];
  if (code !== 0) throw new Error(`the figures ended with code ${code}`);
};
