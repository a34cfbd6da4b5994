/**
 * Central and collectors of the version before, with those of this one, and the upgrade of each while the other goes on.
 * Rule: a collector one version behind works, and so does one that is a version ahead.
 */
import { share } from "./acts.ts";
import { checkOutEarlier } from "./earlier.ts";
import type { Experiment } from "./experiment.ts";

let earlier: string;

export const earlierVersion: Experiment = {
  id: 29,
  title: "the version before, with this one",
  needs: ["earlierVersion"],
  quick: { detections: 400, rounds: 4, seconds: 0 },
  full: { detections: 6000, rounds: 4, seconds: 0 },
  places: (folder) => {
    earlier = checkOutEarlier(folder);
    return { root: earlier, release: () => undefined };
  },
  run: async (stand, size) => {
    const [first, second] = stand.stations;
    await stand.feed(share(size));
    stand.fault("a newer collector with the earlier central");
    await first.stop();
    await Promise.all([stand.feed(share(size)), first.start()]);
    stand.expect(await stand.settled(), "the newer collector does not get through to the earlier central");
    stand.fault("a newer central with an earlier collector");
    await stand.killCentral();
    await Promise.all([stand.feed(share(size)), stand.startCentral()]);
    stand.expect(await stand.settled(), "the earlier collector does not get through to the newer central");
    stand.fault("the last collector is upgraded");
    await second.stop();
    await Promise.all([stand.feed(share(size)), second.start()]);
  },
};
