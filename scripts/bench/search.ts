/**
 * How fast and how well any plate is found, and the same questions on the shape of comparable systems.
 * Rule: measured inside a real central (packages/api/src/testing/search-figures.ts); this starts it and makes percentiles and
 * ratios of its samples. Whatever DATABASE_URL says, it runs on an embedded database of its own, which it fills and deletes.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Figure, type Report, percentile } from "./report.ts";

const FIGURES = fileURLToPath(new URL("../../packages/api/src/testing/search-figures.ts", import.meta.url));
/** The owner's "millions of detections" begin here; the targets are for ten. */
const ROWS = 1_000_000;
const SEED = 1;

/** What the figures say in a line. Percentiles are numbers to 100, samples milliseconds. */
type Line = { case: string; context: Record<string, unknown> } & (
  | { samples: number[]; percentiles: number[] }
  | { percentile: number; above: number[]; below: number[] }
  | Pick<Figure, "metric" | "value" | "unit">
);

const toFigures = (line: Line): Figure[] => {
  if ("samples" in line) {
    const { samples, percentiles, ...rest } = line;
    return percentiles.map((part) => ({
      case: rest.case,
      metric: `p${part}`,
      value: percentile(samples, part / 100),
      unit: "ms",
      n: samples.length,
      context: rest.context,
    }));
  }
  if ("above" in line) {
    const { above, below, percentile: part, ...rest } = line;
    const value = percentile(above, part / 100) / percentile(below, part / 100);
    return [{ case: rest.case, metric: `p${part}`, value, unit: "ratio", n: above.length, context: rest.context }];
  }
  return [line];
};

export const benchSearch = async (report: Report, options: Map<string, number>): Promise<void> => {
  const args = [options.get("rows") ?? ROWS, options.get("seed") ?? SEED, options.get("peer") ?? 1].map(String);
  const child = spawn(process.execPath, [FIGURES, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  for await (const line of createInterface(child.stdout)) {
    for (const figure of toFigures(JSON.parse(line) as Line)) report(figure);
  }
  const [code] = (await ended) as [number];
  if (code !== 0) throw new Error(`the figures ended with code ${code}`);
};
