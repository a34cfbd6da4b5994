/**
 * Hours of ordinary work, with a fault that chance chooses every few minutes.
 * Rule: central's memory does not grow: less than 1 MB an hour.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { between } from "../support/random.ts";
import type { Experiment } from "./experiment.ts";
import type { Stand } from "./stand.ts";

const SLOPE_MB_PER_HOUR = 1;
/** The heap finds its size in the first hour; a shorter run says nothing of a slope, and the checker looks at the size alone. */
const WARM_HOURS = 1;

/** Central itself stays: a new process would begin with a new memory. */
const FAULTS: Record<string, (stand: Stand) => Promise<void>> = {
  "kill -9 collector": async ({ stations: [station] }) => {
    await station.kill();
    await station.start();
  },
  "PostgreSQL stopped immediately": async ({ cluster }) => {
    await cluster.stop("immediate");
    await cluster.start();
  },
  "line down": async ({ stations: [, { proxy }] }) => {
    proxy.set({ down: true });
    proxy.resetAll();
    await sleep(3000);
    proxy.set();
  },
  "connections reset": async ({ stations }) => {
    for (const { proxy } of stations) proxy.resetAll();
  },
  "PostgreSQL frozen": async ({ cluster }) => {
    cluster.signal("SIGSTOP");
    await sleep(3000);
    cluster.signal("SIGCONT");
  },
};

/** Least squares: how much is added in an hour. */
const slopeOf = (samples: readonly { hours: number; rssMb: number }[]): number => {
  const mean = (of: (sample: { hours: number; rssMb: number }) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const hours = mean((sample) => sample.hours);
  const rssMb = mean((sample) => sample.rssMb);
  const spread = mean((sample) => (sample.hours - hours) ** 2);
  return spread === 0 ? 0 : mean((sample) => (sample.hours - hours) * (sample.rssMb - rssMb)) / spread;
};

export const soak: Experiment = {
  id: 30,
  title: "soak, a random fault every few minutes",
  needs: [],
  waits: true,
  quick: { detections: 300, rounds: 4, seconds: 20 },
  full: { detections: 6000, rounds: 9, seconds: 900 },
  long: { detections: 250_000, rounds: 240, seconds: 28_800 },
  run: async (stand, { detections, rounds, seconds }) => {
    const startedAt = Date.now();
    const samples: { hours: number; rssMb: number }[] = [];
    const strike = async () => {
      const names = Object.keys(FAULTS);
      for (let round = 0; round < rounds; round++) {
        await sleep((seconds * 1000) / rounds);
        const name = names[between(stand.random, 0, names.length - 1)] ?? "";
        stand.fault(name);
        await FAULTS[name]?.(stand);
        samples.push({ hours: (Date.now() - startedAt) / 3_600_000, rssMb: stand.usage().rssMb });
      }
    };
    await Promise.all([stand.feed(detections, detections / seconds), strike()]);
    const warm = samples.filter(({ hours }) => hours > WARM_HOURS);
    const slope = warm.length === 0 ? 0 : slopeOf(warm);
    stand.expect(slope < SLOPE_MB_PER_HOUR, `central grew by ${slope.toFixed(1)} MB an hour`);
  },
};
