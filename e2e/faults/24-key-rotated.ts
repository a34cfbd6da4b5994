/**
 * A collector's key is rotated while it uploads, then revoked, and the collector gets the new one.
 * Rule: what came while it was refused is kept and arrives.
 */
import { operate } from "../support/central.ts";
import { until } from "../support/processes.ts";
import { batchStatuses, expectStatuses, share } from "./acts.ts";
import type { Experiment } from "./experiment.ts";

type Key = { prefix: string; createdAt: string; revoked: string | null };

export const keyRotated: Experiment = {
  id: 24,
  title: "key rotated and revoked during upload",
  needs: [],
  quick: { detections: 400, rounds: 1, seconds: 0 },
  full: { detections: 6000, rounds: 12, seconds: 0 },
  run: async (stand, size) => {
    const run = (...args: string[]) => operate(stand.dataDir, args, undefined, stand.environment);
    const half = Math.floor(share(size) / 2);
    for (let round = 0; round < size.rounds; round++) {
      const station = stand.stations[round % 2 === 0 ? 0 : 1];
      const rotate = async () => {
        stand.fault(`key of ${station.name} rotated`);
        return run("collector", "rotate-key", "--name", station.name);
      };
      const [rotated] = await Promise.all([rotate(), stand.feed(half)]);
      const keys = (await run("collector", "keys", "--name", station.name))["keys"] as unknown as Key[];
      const old = keys
        .filter(({ revoked }) => revoked === null)
        .toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : 1))[0];
      const refusedBefore = batchStatuses(stand).get(401) ?? 0;
      const revoke = async () => {
        stand.fault(`old key of ${station.name} revoked`);
        await run("collector", "revoke-key", "--prefix", old?.prefix ?? "", "--reason", "an experiment");
      };
      await Promise.all([revoke(), stand.feed(half)]);
      await stand.feed(20);
      await until("a batch is refused", () => (batchStatuses(stand).get(401) ?? 0) > refusedBefore).catch(() =>
        stand.expect(false, "the revoked key was never refused"),
      );
      station.useKey(rotated["apiKey"] ?? "");
      await station.stop();
      await station.start();
    }
    expectStatuses(stand, [200, 401]);
  },
};
