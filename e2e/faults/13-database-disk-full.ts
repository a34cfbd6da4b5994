/**
 * PostgreSQL's disk fills up, and is freed again; its service manager starts it when it has ended.
 * Rule: batches are answered with 503 and nothing that has a receipt is lost.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Volume, openVolume } from "../support/volume.ts";
import { batchStatuses, expectStatuses, share } from "./acts.ts";
import type { Experiment } from "./experiment.ts";

/** An empty cluster has 40 MB, and its log may grow to many times what is stored. */
const MEGABYTES = 1500;
let disk: Volume;

export const databaseDiskFull: Experiment = {
  id: 13,
  title: "PostgreSQL's disk full, then freed",
  needs: ["root"],
  waits: true,
  quick: { detections: 1000, rounds: 1, seconds: 4 },
  full: { detections: 9000, rounds: 12, seconds: 15 },
  places: (folder) => {
    disk = openVolume(folder, "database", "ext4", MEGABYTES);
    return { cluster: join(disk.path, "cluster"), release: () => disk.unmount() };
  },
  run: async (stand, size) => {
    for (let round = 0; round < size.rounds; round++) {
      const feeding = stand.feed(share(size), share(size) / size.seconds);
      stand.fault("the database's disk is full");
      disk.fill(0);
      await Promise.all([feeding, sleep(size.seconds * 1000)]);
      disk.free();
      if (!stand.cluster.isRunning()) {
        await stand.cluster.kill();
        await stand.cluster.start();
      }
    }
    stand.expect(batchStatuses(stand).has(503), "the disk was never too full for a batch");
    expectStatuses(stand, [200, 503]);
  },
};
