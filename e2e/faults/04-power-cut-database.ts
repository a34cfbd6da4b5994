/**
 * Power cuts of the disk that holds the database.
 * Rule: each receipt has its row afterwards, which the checker looks for in every buffer.
 */
import { join } from "node:path";
import { type Volume, openVolume } from "../support/volume.ts";
import { expectStatuses, share, someTime } from "./acts.ts";
import type { Experiment } from "./experiment.ts";

/** An empty cluster has 40 MB, and its log may grow to many times what is stored. */
const MEGABYTES = 1500;
let disk: Volume;

export const powerCutDatabase: Experiment = {
  id: 4,
  title: "power cut of PostgreSQL's disk (ext4)",
  needs: ["root", "xfsprogs"],
  quick: { detections: 300, rounds: 3, seconds: 0 },
  full: { detections: 8000, rounds: 20, seconds: 0 },
  long: { detections: 12_000, rounds: 30, seconds: 0 },
  places: (folder) => {
    disk = openVolume(folder, "database", "ext4", MEGABYTES);
    return { cluster: join(disk.path, "cluster"), release: () => disk.unmount() };
  },
  run: async (stand, size) => {
    for (let round = 0; round < size.rounds; round++) {
      const cut = async () => {
        await someTime(stand, 1500);
        stand.fault("power cut of the database's disk");
        disk.cutPower();
        await stand.cluster.kill();
        await disk.comeBack();
        await stand.cluster.start();
      };
      await Promise.all([stand.feed(share(size)), cut()]);
    }
    expectStatuses(stand, [200, 503]);
  },
};
