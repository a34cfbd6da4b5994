/**
 * Power cuts of the disk that holds the evidence.
 * Rule: every picture that a receipt speaks of is there afterwards with the right bytes, which the checker reads.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Volume, openVolume } from "../support/volume.ts";
import { expectStatuses, share, someTime } from "./acts.ts";
import type { Experiment } from "./experiment.ts";

const MEGABYTES = 400;
let disk: Volume;

export const powerCutStore: Experiment = {
  id: 3,
  title: "power cut of the evidence store (ext4)",
  needs: ["root", "xfsprogs"],
  quick: { detections: 300, rounds: 3, seconds: 0 },
  full: { detections: 9000, rounds: 30, seconds: 0 },
  long: { detections: 15_000, rounds: 50, seconds: 0 },
  places: (folder) => {
    disk = openVolume(folder, "store", "ext4", MEGABYTES);
    const evidence = join(disk.path, "evidence");
    mkdirSync(evidence);
    return { evidence, release: () => disk.unmount() };
  },
  run: async (stand, size) => {
    for (let round = 0; round < size.rounds; round++) {
      const cut = async () => {
        await someTime(stand, 1500);
        stand.fault("power cut of the evidence disk");
        disk.cutPower();
        // Central goes on for a moment with a disk that refuses everything.
        await someTime(stand, 500);
        await stand.killCentral();
        await disk.comeBack();
        await stand.startCentral();
      };
      await Promise.all([stand.feed(share(size)), cut()]);
    }
    expectStatuses(stand, [200, 503]);
  },
};
