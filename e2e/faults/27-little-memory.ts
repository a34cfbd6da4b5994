/**
 * Central with 256 MB, pictures whose headers promise gigapixels, and bodies as large as they may be, four at a time.
 * Rule: it is never ended for want of memory, and what it refuses it refuses in words.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import type { Experiment } from "./experiment.ts";
import { scriptBatch, sendUntilTaken } from "./script.ts";
import type { Stand } from "./stand.ts";

const LIMIT_MB = 256;
/** Four pictures of 7.5 MB: below the 32 MB of a batch and the 8 MB of a picture. */
const PICTURE_BYTES = 7_500_000;
const PICTURES = 4;
/** SOI, and a frame header that promises 65,535 by 65,535 pixels in three colours. */
const BOMB = Buffer.from("ffd8ffc0001108ffffffff03012200021101031101", "hex");

const GROUPS = "/sys/fs/cgroup/memory";

/** Starts central again with a limit on its memory; what is returned tells how it went, and ends the limit. */
const limitMemory = async (stand: Stand): Promise<() => { killed: number; peakMb: number }> => {
  const group = `${GROUPS}/faults-${process.pid}`;
  mkdirSync(group, { recursive: true });
  writeFileSync(`${group}/memory.limit_in_bytes`, String(LIMIT_MB * 1024 * 1024));
  await stand.killCentral();
  // A child is born into the group of its parent; what the parent has already is not counted there.
  writeFileSync(`${group}/cgroup.procs`, String(process.pid));
  const starting = stand.startCentral();
  writeFileSync(`${GROUPS}/cgroup.procs`, String(process.pid));
  await starting;
  stand.baseline = stand.usage();
  return () => {
    const killed = Number(/oom_kill (\d+)/.exec(readFileSync(`${group}/memory.oom_control`, "utf8"))?.[1] ?? 0);
    const peakMb = Number(readFileSync(`${group}/memory.max_usage_in_bytes`, "utf8")) / 1024 / 1024;
    if (killed === 0) writeFileSync(`${GROUPS}/cgroup.procs`, String(stand.central().pid));
    rmdirSync(group);
    return { killed, peakMb };
  };
};

export const littleMemory: Experiment = {
  id: 27,
  title: "256 MB of memory, bombs, 30 MB bodies",
  needs: ["memoryLimit"],
  quick: { detections: 200, rounds: 12, seconds: 0 },
  full: { detections: 5000, rounds: 100, seconds: 0 },
  run: async (stand, { detections, rounds }) => {
    const endLimit = await limitMemory(stand);
    const bytes = Buffer.concat([BOMB, randomBytes(PICTURE_BYTES)]);
    const picture = { role: "full" as const, bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
    const sendOne = async () => {
      const batch = await scriptBatch(stand, PICTURES, picture);
      const refused = await sendUntilTaken(batch);
      stand.fault(`a body of 30 MB, refused with ${refused.join(", ") || "nothing"}`);
      const isInWords = refused.every((status) => status === 429 || status === 503);
      stand.expect(isInWords, `a body of 30 MB was refused with ${refused.join(", ")}`);
    };
    const sending = async () => {
      for (let round = 0; round < rounds; round += 4) await Promise.all([1, 2, 3, 4].map(sendOne));
    };
    const sent = await Promise.allSettled([stand.feed(detections, 40), sending()]);
    const { killed, peakMb } = endLimit();
    stand.expect(killed === 0, `central was ended for want of memory, at ${Math.round(peakMb)} MB`);
    if (killed > 0) await stand.startCentral();
    else for (const { status } of sent) stand.expect(status === "fulfilled", "a body of 30 MB was never taken");
  },
};
