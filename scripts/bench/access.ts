/**
 * What access control costs per request: validating a session and writing the access log.
 * Rule: measured inside a real central (packages/api/src/testing/access-figures.ts); this only starts it and reports.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Figure, Report } from "./report.ts";

const FIGURES = fileURLToPath(new URL("../../packages/api/src/testing/access-figures.ts", import.meta.url));

export const benchAccess = async (report: Report): Promise<void> => {
  const child = spawn(process.execPath, [FIGURES], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  for await (const line of createInterface(child.stdout)) report(JSON.parse(line) as Figure);
  const [code] = (await ended) as [number];
  if (code !== 0) throw new Error(`the figures ended with code ${code}`);
};
