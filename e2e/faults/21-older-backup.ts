/**
 * Central's database comes back from a backup that is older than what it has acknowledged.
 * Rule: by itself it gets everything again that its collectors still hold; the checker looks for the new epoch.
 */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { share } from "./acts.ts";
import type { Experiment } from "./experiment.ts";
import type { Stand } from "./stand.ts";

/** Does something to the database's files while nobody uses them. */
const whileStopped = async (stand: Stand, act: () => void): Promise<void> => {
  stand.central().signal("SIGTERM");
  await stand.central().exited;
  await stand.cluster.stop("fast");
  act();
  await stand.cluster.start();
  await stand.startCentral();
};

export const olderBackup: Experiment = {
  id: 21,
  title: "central restored from an older backup",
  needs: [],
  quick: { detections: 400, rounds: 1, seconds: 0 },
  full: { detections: 6000, rounds: 3, seconds: 0 },
  run: async (stand, size) => {
    const backup = join(stand.folder, "backup");
    const { directory } = stand.cluster;
    const half = Math.floor(share(size) / 2);
    for (let round = 0; round < size.rounds; round++) {
      await stand.feed(half);
      stand.expect(await stand.settled(), "something is missing before the backup");
      await whileStopped(stand, () => {
        rmSync(backup, { recursive: true, force: true });
        execFileSync("cp", ["-a", directory, backup]);
      });
      await stand.feed(half);
      stand.expect(await stand.settled(), "something is missing after the backup");
      stand.fault("the database is the backup's");
      stand.history.restores++;
      await whileStopped(stand, () => {
        rmSync(directory, { recursive: true });
        execFileSync("cp", ["-a", backup, directory]);
      });
      stand.expect(await stand.settled(), "what came after the backup was not sent again");
    }
  },
};
