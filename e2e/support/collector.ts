/**
 * A collector seen from outside: its settings, its process, and the folder that its camera watches.
 * Rule: a detection is dropped as any program would drop it: pictures first, then the JSON in one step.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Running, startProcess, until } from "./processes.ts";

/** The shortest that a collector takes: a line that is back is found within a second. */
const HEARTBEAT_MS = 1000;

export const CAMERA = "gate";

export type Collector = Running;

export type Site = {
  folder: string;
  drop: string;
  /** Where it keeps what it has. */
  buffer: string;
  /** Starts it, also from another checkout, and waits until it captures. */
  start: (environment?: Record<string, string>, root?: string) => Promise<Collector>;
};

/**
 * Prepares a collector with one folder camera; its settings are a file, as on a board.
 * @param settings what is to be other than usual
 */
export const prepareSite = (
  folder: string,
  central: { url: string; apiKey: string },
  settings: Record<string, unknown> = {},
): Site => {
  const drop = join(folder, "drop");
  const buffer = join(folder, "buffer");
  const file = join(folder, "collector.yaml");
  mkdirSync(drop, { recursive: true });
  const config = {
    central,
    dataDir: buffer,
    batch: "mall",
    heartbeatMs: HEARTBEAT_MS,
    cameras: [{ id: CAMERA, adapter: "folder", path: drop }],
    ...settings,
  };
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  const start = async (environment: Record<string, string> = {}, root?: string): Promise<Collector> => {
    const running = startProcess({
      script: "packages/edge/src/main.ts",
      args: ["--config", file],
      environment,
      ...(root === undefined ? {} : { root }),
    });
    await until("the collector captures", () => running.output().includes('"capturing"') || !running.isAlive(), {
      everyMs: 20,
      told: running.output,
    });
    if (!running.isAlive()) throw new Error(`The collector ended: ${running.output()}`);
    return running;
  };
  return { folder, drop, buffer, start };
};

export type Picture = { role: "full" | "crop"; bytes: Buffer; sha256: string };

/** Bytes that begin like a JPEG and that nothing else has; central keeps bytes and never decodes them. */
export const aPicture = (role: Picture["role"], size: number): Picture => {
  const bytes = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), randomBytes(size - 4)]);
  return { role, bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
};

export type Dropped = { plate: string; capturedAt: string; pictures: Picture[] };

/** Drops one detection under a name of its own; without a time, the collector gives it the one at which it came. */
export const dropDetection = async (
  { drop }: Site,
  name: string,
  detection: Omit<Dropped, "capturedAt"> & Partial<Dropped>,
): Promise<void> => {
  const { plate, capturedAt, pictures } = detection;
  for (const { role, bytes } of pictures) await writeFile(join(drop, `${name}.${role}.jpg`), bytes);
  const unfinished = join(drop, `${name}.part`);
  await writeFile(unfinished, JSON.stringify({ capturedAt, plate: { text: plate, confidence: 0.9 } }));
  await rename(unfinished, join(drop, `${name}.json`));
};

/** How many dropped detections the collector has not taken into its buffer. */
export const countWaiting = ({ drop }: Site): number =>
  readdirSync(drop).filter((name) => name.endsWith(".json")).length;
