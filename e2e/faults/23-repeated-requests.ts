/**
 * Every connection of both collectors is sent to central again, shuffled and side by side, and a script sends one batch many times.
 * Rule: a repeat changes nothing and is answered with the same receipt.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Experiment } from "./experiment.ts";
import { scriptBatch } from "./script.ts";

export const repeatedRequests: Experiment = {
  id: 23,
  title: "duplicated and reordered requests",
  needs: [],
  quick: { detections: 500, rounds: 2, seconds: 0 },
  full: { detections: 10_000, rounds: 40, seconds: 0 },
  run: async (stand, size) => {
    const shuffle = <T>(items: T[]): T[] =>
      items
        .map((item) => ({ item, order: stand.random() }))
        .toSorted((a, b) => a.order - b.order)
        .map(({ item }) => item);
    for (const { proxy } of stand.stations) proxy.set({ record: true });
    for (let round = 0; round < size.rounds; round++) {
      await stand.feed(Math.floor(size.detections / size.rounds));
      // A batch leaves after half a second; a connection that is reset begins another recording.
      await sleep(1000);
      for (const { name, proxy } of stand.stations) {
        proxy.resetAll();
        const count = await proxy.replay(shuffle);
        stand.fault(`${count} connections of ${name} sent again`);
      }
      const batch = await scriptBatch(stand, 10);
      // Four at once are allowed for one key.
      const answers = await Promise.all([1, 2, 3, 4].map(() => batch.send()));
      stand.fault("a batch sent four times at once");
      const receipts = new Set(
        answers.map(({ text }) =>
          JSON.stringify(
            (JSON.parse(text) as { results: { receipt?: unknown }[] }).results.map(({ receipt }) => receipt),
          ),
        ),
      );
      stand.expect(
        answers.every(({ status }) => status === 200),
        `answered with ${answers.map(({ status }) => status).join(", ")}`,
      );
      stand.expect(receipts.size === 1, `${receipts.size} different receipts for one batch`);
    }
  },
};
