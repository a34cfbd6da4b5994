/**
 * kill -9 of central when a batch is committed and its answer has not reached the collector.
 * Rule: the collector sends the batch again, and nothing is stored twice.
 */
import { share } from "./acts.ts";
import type { Experiment } from "./experiment.ts";
import { until } from "../support/processes.ts";

export const killBeforeAnswer: Experiment = {
  id: 6,
  title: "kill -9 of central between COMMIT and answer",
  needs: [],
  quick: { detections: 400, rounds: 4, seconds: 0 },
  full: { detections: 10_000, rounds: 100, seconds: 0 },
  long: { detections: 20_000, rounds: 200, seconds: 0 },
  run: async (stand, size) => {
    for (let round = 0; round < size.rounds; round++) {
      let isSwallowed = false;
      const { proxy } = stand.stations[round % 2 === 0 ? 0 : 1];
      proxy.set({
        swallowAnswer: () => {
          isSwallowed = true;
        },
      });
      await stand.feed(share(size));
      await until("an answer is on its way", () => isSwallowed, { everyMs: 1 });
      stand.fault("kill -9 central before its answer arrives");
      await stand.killCentral();
      proxy.set();
      proxy.resetAll();
      await stand.startCentral();
    }
  },
};
