/**
 * A batch that is cut after every fiftieth of its bytes, closed in order or reset.
 * Rule: what was cut leaves nothing that anybody can see, and the whole batch is taken afterwards.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../support/processes.ts";
import type { Experiment } from "./experiment.ts";
import { scriptBatch, sendUntilTaken } from "./script.ts";
import type { Stand } from "./stand.ts";

/** Sends the first bytes of a request and goes away. */
const sendPart = (stand: Stand, bytes: Buffer, how: "reset" | "close"): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port: Number(new URL(stand.url).port) });
    socket.on("error", reject).once("close", () => resolve());
    socket.resume();
    // The kernel must have passed the bytes on before the reset, which would overtake them.
    socket.write(bytes, () => void sleep(10).then(() => (how === "reset" ? socket.resetAndDestroy() : socket.end())));
  });

type Visible = { rows: number; staged: number; objects: number };

const look = async (stand: Stand): Promise<Visible> => {
  const [rows] = await stand.sql<{ rows: number }[]>`
    select (select count(*) from detections)::int + (select count(*) from evidence_payloads)::int
      + (select count(*) from evidence_images)::int + (select count(*) from quarantine)::int as rows`;
  const files = (name: string) =>
    readdirSync(join(stand.dataDir, "evidence", name), { recursive: true, withFileTypes: true });
  const count = (name: string) => files(name).filter((entry) => entry.isFile()).length;
  return { rows: rows?.rows ?? 0, staged: count("staging"), objects: count("objects") };
};

const isSame = (a: Visible, b: Visible) => a.rows === b.rows && a.staged === b.staged && a.objects === b.objects;

export const cutMultipart: Experiment = {
  id: 16,
  title: "multipart cut at every fiftieth of its bytes",
  needs: [],
  quick: { detections: 30, rounds: 50, seconds: 0 },
  full: { detections: 1000, rounds: 1000, seconds: 0 },
  run: async (stand, size) => {
    while (stand.history.faults.length < size.rounds) {
      const batch = await scriptBatch(stand, 10);
      const { request } = batch;
      const before = await look(stand);
      for (let part = 0; part < 50; part++) {
        const bytes = request.subarray(0, Math.floor((request.length * part) / 50));
        stand.fault(`cut after ${bytes.length} of ${request.length} bytes`);
        await sendPart(stand, bytes, part % 2 === 0 ? "reset" : "close");
      }
      await until("what was staged is gone", async () => isSame(before, await look(stand)), {
        withinMs: 5000,
      }).catch(async () => stand.expect(false, `a cut batch left something: ${JSON.stringify(await look(stand))}`));
      // On a busy machine central may still be busy with the cut ones: four at once are allowed for one key.
      const refused = await sendUntilTaken(batch);
      const isBusy = refused.every((status) => status === 429);
      stand.expect(isBusy, `the whole batch was refused with ${refused.join(", ")}`);
    }
    await stand.feed(size.detections);
  },
};
