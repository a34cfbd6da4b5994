/**
 * Power cuts of a collector's board: what was not flushed to its disk is gone, on ext4 and on xfs.
 * Rule: what left the drop folder, and what central holds, is in the buffer after each cut.
 */
import { join } from "node:path";
import { type Volume, openVolume } from "../support/volume.ts";
import { share, someTime } from "./acts.ts";
import { expectNothingGone } from "./buffers.ts";
import type { Experiment } from "./experiment.ts";

/** The smallest that mkfs.xfs makes. */
const MEGABYTES = 320;
/** Of six cuts one is on xfs: boards have ext4. */
const XFS_EVERY = 6;
let disks: { north: Volume; south: Volume };

export const powerCutCollector: Experiment = {
  id: 2,
  title: "power cut of a collector (ext4, xfs)",
  needs: ["root", "xfsprogs"],
  quick: { detections: 500, rounds: 6, seconds: 0 },
  full: { detections: 12_000, rounds: 120, seconds: 0 },
  places: (folder) => {
    disks = {
      north: openVolume(folder, "north", "ext4", MEGABYTES),
      south: openVolume(folder, "south", "xfs", MEGABYTES),
    };
    const release = () => Object.values(disks).forEach((disk) => disk.unmount());
    return { buffers: [join(disks.north.path, "buffer"), join(disks.south.path, "buffer")], release };
  },
  run: async (stand, size) => {
    for (let round = 1; round <= size.rounds; round++) {
      const isXfs = round % XFS_EVERY === 0;
      const station = stand.stations[isXfs ? 1 : 0];
      const disk = isXfs ? disks.south : disks.north;
      const cut = async () => {
        await someTime(stand, 900);
        stand.fault(`power cut of ${station.name}`);
        disk.cutPower();
        await station.kill();
      };
      await Promise.all([stand.feed(share(size)), cut()]);
      await disk.comeBack();
      await expectNothingGone(stand, station);
      await station.start();
    }
  },
};
