/**
 * The disk of the evidence store fills up, and is freed again.
 * Rule: batches are answered with 507 and nothing else fails: people sign in, and it goes on by itself.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { signIn } from "../support/central.ts";
import { until } from "../support/processes.ts";
import { openVolume } from "../support/volume.ts";
import { batchStatuses, expectStatuses } from "./acts.ts";
import type { Experiment } from "./experiment.ts";
import type { Volume } from "../support/volume.ts";

/** 5 % of it is central's reserve. */
const MEGABYTES = 200;
let disk: Volume;

export const storeDiskFull: Experiment = {
  id: 12,
  title: "disk of the evidence store full, then freed",
  needs: ["root"],
  waits: true,
  // Central asks for a pause of a minute: no round can be shorter.
  quick: { detections: 400, rounds: 1, seconds: 4 },
  full: { detections: 6000, rounds: 4, seconds: 30 },
  places: (folder) => {
    disk = openVolume(folder, "evidence", "tmpfs", MEGABYTES);
    return { evidence: disk.path, release: () => disk.unmount() };
  },
  run: async (stand, { detections, rounds, seconds }) => {
    for (let round = 0; round < rounds; round++) {
      const feeding = stand.feed(Math.floor(detections / rounds), detections / rounds / seconds);
      await sleep(500);
      const isBrimful = round % 2 === 1;
      stand.fault(isBrimful ? "disk full to the last byte" : "disk below its reserve");
      disk.fill(isBrimful ? 0 : (MEGABYTES * 1024 * 1024) / 50);
      const refusedBefore = batchStatuses(stand).get(507) ?? 0;
      await feeding;
      await until("a batch is refused", () => (batchStatuses(stand).get(507) ?? 0) > refusedBefore, {
        withinMs: 70_000,
      }).catch(() => stand.expect(false, "no batch was answered with 507"));
      // Each sign-in uses up a code; the next one comes after half a minute.
      if (round === 0) await signIn(stand.url, stand.account);
      disk.free();
      stand.expect(await stand.settled(150_000), "it did not go on by itself");
    }
    expectStatuses(stand, [200, 507]);
  },
};
