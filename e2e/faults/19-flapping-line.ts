/**
 * A line that comes and goes every few seconds, and on which every fifth connection is reset in the middle.
 * Rule: nothing but the checker's.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { between } from "../support/random.ts";
import type { Experiment } from "./experiment.ts";

const RESET_SHARE = 0.2;

export const flappingLine: Experiment = {
  id: 19,
  title: "line flaps, a fifth of the connections reset",
  needs: [],
  waits: true,
  quick: { detections: 800, rounds: 6, seconds: 1 },
  full: { detections: 18_000, rounds: 30, seconds: 5 },
  run: async (stand, { detections, rounds, seconds }) => {
    const cutAfterBytes = () =>
      stand.random() < RESET_SHARE ? between(stand.random, 1, 20_000) : Number.POSITIVE_INFINITY;
    const flap = async () => {
      for (let round = 0; round < rounds; round++) {
        for (const { name, proxy } of stand.stations) {
          stand.fault(`line of ${name} down`);
          proxy.set({ down: true });
          proxy.resetAll();
        }
        await sleep(seconds * 1000);
        for (const { proxy } of stand.stations) proxy.set({ cutAfterBytes });
        await sleep(seconds * 1000);
      }
    };
    await Promise.all([stand.feed(detections, detections / (2 * rounds * seconds)), flap()]);
    for (const { proxy } of stand.stations) proxy.set();
  },
};
