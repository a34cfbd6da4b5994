/**
 * A mobile line at its worst: late, narrow, and a twentieth of its packets lost.
 * Rule: the number at central grows all the while, and the requests are at most three times what is needed.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { batchStatuses } from "./acts.ts";
import type { Experiment } from "./experiment.ts";

/** 64 kbit/s. */
const BYTES_PER_SECOND = 8000;
/** TCP sends again after a second or so, and then after twice that. */
const LOSS = { share: 0.05, retransmitMs: 3000 };
/** A batch leaves half a second after its first row; on this line one is under way much longer, and then as many go as wait. */
const REQUESTS_FACTOR = 3;

export const slowLine: Experiment = {
  id: 18,
  title: "latency, loss and a narrow line",
  needs: [],
  waits: true,
  quick: { detections: 150, rounds: 1, seconds: 15 },
  // Of the pictures about six a minute get through, and each tenth detection has two.
  full: { detections: 900, rounds: 1, seconds: 1800 },
  run: async (stand, { detections, rounds, seconds }) => {
    const latencyMs = seconds > 60 ? 2000 : 300;
    const line = { latencyMs, bytesPerSecond: seconds > 60 ? BYTES_PER_SECOND : 8 * BYTES_PER_SECOND, loss: LOSS };
    for (const { name, proxy } of stand.stations) {
      stand.fault(`line of ${name}: ${JSON.stringify(line)}`);
      proxy.set(line);
    }
    const requests = () => [...batchStatuses(stand).values()].reduce((sum, count) => sum + count, 0);
    const requestsBefore = requests();
    let counted = 0;
    let grewAt = Date.now();
    let longest = 0;
    const follow = async () => {
      for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(500)) {
        const [row] = await stand.sql<{ count: number }[]>`select count(*)::int as count from detections`;
        const count = row?.count ?? 0;
        stand.expect(count >= counted, `central had ${counted} detections and now has ${count}`);
        if (count > counted) grewAt = Date.now();
        longest = Math.max(longest, Date.now() - grewAt);
        counted = count;
      }
    };
    await Promise.all([stand.feed(detections, detections / seconds), follow()]);
    // Four round trips, a lost packet or two in each, and a picture of 30 KB.
    const patience = latencyMs * 8 + LOSS.retransmitMs * 4 + (40_000 / line.bytesPerSecond) * 1000;
    stand.expect(longest < patience * rounds, `nothing arrived for ${Math.round(longest / 1000)} s`);
    stand.expect(await stand.settled(seconds * 1000 + 120_000), "the line was too narrow for what waited");
    // Ideal: one request each time a batch is due, for as long as it took.
    const ideal = Math.max(1, seconds * 2) * stand.stations.length;
    const sent = requests() - requestsBefore;
    stand.expect(sent <= ideal * REQUESTS_FACTOR, `${sent} requests where ${ideal} would do`);
  },
};
