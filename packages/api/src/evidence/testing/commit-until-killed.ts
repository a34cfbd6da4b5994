/**
 * A process that commits batches of random objects and prints the name of each once it is acknowledged, until it is killed.
 * Rule: a name is printed only after commit has resolved.
 */
import { randomBytes, randomInt } from "node:crypto";
import { writeSync } from "node:fs";
import { silentLog } from "../../log.ts";
import { openFilesystemStore } from "../filesystem.ts";

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error("usage: commit-until-killed.ts DIRECTORY");
const store = await openFilesystemStore({ directory, log: silentLog });

const commitBatches = async (): Promise<never> => {
  for (;;) {
    const objects = Array.from({ length: 10 }, () => store.stage(randomBytes(randomInt(1, 80_000)), 80_000));
    const stored = await store.commit(await Promise.all(objects));
    // Synchronous: what has left this process is acknowledged, nothing waits in a buffer.
    writeSync(1, stored.map(({ sha256 }) => `${sha256}\n`).join(""));
  }
};
await Promise.all([commitBatches(), commitBatches()]);
