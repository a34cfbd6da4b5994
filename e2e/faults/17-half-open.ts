/**
 * A line whose other end vanished without a word: bytes go nowhere and nothing is closed.
 * Rule: a collector gives such a connection up within its 30 seconds, and central keeps nothing open for it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../support/processes.ts";
import type { Experiment } from "./experiment.ts";

/** The collector's own limit of 30 s, and what it takes to notice on a busy machine. */
const EDGE_MS = 35_000;

export const halfOpen: Experiment = {
  id: 17,
  title: "half-open connections",
  needs: [],
  // One round takes as long as the collector's own limit: half a minute.
  quick: { detections: 200, rounds: 1, seconds: 0 },
  full: { detections: 5000, rounds: 20, seconds: 0 },
  run: async (stand, size) => {
    const [{ proxy }, other] = stand.stations;
    for (let round = 0; round < size.rounds; round++) {
      const isHalfClosed = round % 2 === 1;
      stand.fault(isHalfClosed ? "half-closed connection" : "black hole");
      proxy.resetAll();
      if (isHalfClosed) proxy.set({ halfCloseAfterBytes: 2000 });
      else proxy.set({ blackhole: true });
      const openedBefore = proxy.counts().opened;
      await stand.feed(Math.floor(size.detections / size.rounds));
      const swallowedAt = Date.now();
      // The heartbeat has a limit of its own, 10 s: the batch's connection is among the first two.
      await until("a connection into the black hole", () => proxy.counts().opened >= openedBefore + 1, {
        withinMs: EDGE_MS,
      });
      await until("the collector gave it up", () => proxy.counts().opened >= openedBefore + 3, {
        withinMs: EDGE_MS,
      }).catch(() => stand.expect(false, `${other.name}'s neighbour still waits after ${Date.now() - swallowedAt} ms`));
      proxy.set();
      proxy.resetAll();
    }
    await sleep(1000);
    const { toCentral } = proxy.counts();
    stand.expect(toCentral <= 4, `${toCentral} connections of one collector are open at central`);
  },
};
