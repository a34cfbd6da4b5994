/**
 * One collector comes back with the backlog of a week, while the other goes on.
 * Rule: its memory stays small, and the other's alerts are as fast as ever.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { dropDetection } from "../support/collector.ts";
import type { Experiment } from "./experiment.ts";

const EDGE_RSS_MB = 150;
const ALERT_MS = 5000;
/** One in twenty may take longer on a machine that does everything at once, and none this long. */
const SLOW_SHARE = 0.05;
const LATEST_MS = 20_000;
/** From the drop to the alert: the batch waits half a second, and the folder is looked at every two. */
const OTHER_PER_SECOND = 2;

export const weekOffline: Experiment = {
  id: 20,
  title: "backlog drained after a week offline",
  needs: [],
  quick: { detections: 2000, rounds: 1, seconds: 0 },
  full: { detections: 32_000, rounds: 1, seconds: 0 },
  long: { detections: 600_000, rounds: 1, seconds: 0 },
  run: async (stand, { detections }) => {
    const [offline, other] = stand.stations;
    offline.proxy.set({ down: true });
    offline.proxy.resetAll();
    stand.fault(`${offline.name} offline`);
    // The most part; what the other sends meanwhile comes out of the rest.
    const backlog = Math.floor(detections * 0.9);
    for (let dropped = 0; dropped < backlog; dropped++) {
      const detection = stand.next(offline.name);
      await dropDetection(offline.site, detection.plate, detection);
    }
    offline.proxy.set();
    let peakMb = 0;
    const countHeld = async (): Promise<number> => {
      const [row] = await stand.sql<{ count: number }[]>`
        select count(*)::int as count from detections where collector_id = ${offline.collectorId}`;
      return row?.count ?? 0;
    };
    const meanwhile = new Set<string>();
    while ((await countHeld()) < backlog && stand.history.generated.length < detections) {
      const detection = stand.next(other.name);
      await dropDetection(other.site, detection.plate, detection);
      meanwhile.add(detection.plate);
      const status = readFileSync(`/proc/${offline.collector().pid}/status`, "utf8");
      peakMb = Math.max(peakMb, Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
      await sleep(1000 / OTHER_PER_SECOND);
    }
    stand.expect(peakMb < EDGE_RSS_MB, `the collector took ${Math.round(peakMb)} MB`);
    stand.expect(await stand.settled(), "the backlog is not drained");
    const alerts = await stand.sql<{ plate: string; at: Date }[]>`select plate, created_at as at from alerts`;
    const droppedAt = new Map(stand.history.generated.map((generated) => [generated.plate, generated.droppedAt]));
    const tookMs = alerts
      .filter(({ plate }) => meanwhile.has(plate))
      .map(({ plate, at }) => at.getTime() - (droppedAt.get(plate) ?? 0));
    const slow = tookMs.filter((ms) => ms > ALERT_MS).length;
    const latest = Math.max(0, ...tookMs);
    stand.expect(slow <= tookMs.length * SLOW_SHARE, `${slow} of ${tookMs.length} alerts took longer than 5 s`);
    stand.expect(latest < LATEST_MS, `an alert took ${Math.round(latest / 1000)} s`);
  },
};
