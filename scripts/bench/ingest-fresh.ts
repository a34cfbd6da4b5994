/**
 * How long a watched car waits for its alert while another collector sends its backlog as fast as central takes it.
 * Rule: from the first byte of the car's own batch, with its pictures, to the alert that anybody can read.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "@chaverim/db/open";
import { CROP_BYTES, FULL_BYTES, aBatch, aJpeg, declare, postBatch, sendBatch, toBody, uuidV7 } from "./batches.ts";
import type { BenchCentral } from "./central.ts";

const CARS = 60;
/** A car every half second: the road goes on whatever central does. */
const EVERY_MS = 500;
/** A draining collector has two lanes. */
const LANES = 2;
/** Below what is measured by a hundred times. */
const LOOK_MS = 5;
const GIVEN_UP_MS = 60_000;

const plateOf = (car: number): string => `HIT${String(car).padStart(4, "0")}`;

/** Puts every car on a watchlist; the last by the operator's command, which makes central read its lists. */
const watch = async (central: BenchCentral, { sql }: Database): Promise<void> => {
  await central.alpr("watchlist", "add", "--name", "Bench", "--priority", "1");
  const plates = Array.from({ length: CARS }, (_, car) => plateOf(car));
  await sql`insert into watchlist_entries (watchlist_id, plate, normalized, reason, match, expires_at)
    select (select id from watchlists limit 1), plate, plate, 'bench', 'exact', now() + interval '1 day'
    from unnest(${plates}::text[]) plate`;
  await central.alpr("watchlist", "add-entry", "--plate", "NOBODY", "--reason", "bench");
};

const untilAlerted = async ({ sql }: Database, id: string): Promise<void> => {
  for (const deadline = Date.now() + GIVEN_UP_MS; Date.now() < deadline; await sleep(LOOK_MS)) {
    if ((await sql`select 1 from alerts where detection_id = ${id}`).length > 0) return;
  }
  throw new Error("a watched car raised no alert");
};

const passCar = async (central: BenchCentral, apiKey: string, database: Database, car: number): Promise<number> => {
  const [full, crop] = [aJpeg(FULL_BYTES), aJpeg(CROP_BYTES)];
  const id = uuidV7();
  const detection = {
    id,
    cameraId: "gate",
    capturedAt: new Date().toISOString(),
    plate: { text: plateOf(car), confidence: 0.9 },
    images: [declare("full", full), declare("crop", crop)],
  };
  const images = [
    { name: "image_0_full", bytes: full },
    { name: "image_0_crop", bytes: crop },
  ];
  const startedAt = performance.now();
  const { status } = await postBatch(central.url, apiKey, toBody([detection], images));
  if (status !== 200) throw new Error(`a car was refused: ${status}`);
  await untilAlerted(database, id);
  return performance.now() - startedAt;
};

/** @returns milliseconds from POST to alert for each car, and the batches that the other collector sent meanwhile */
export const measureFresh = async (
  central: BenchCentral,
  database: Database,
): Promise<{ samples: number[]; batches: number }> => {
  const { apiKey: fresh = "" } = await central.alpr("collector", "add", "--name", "Fresh");
  const { apiKey: draining = "" } = await central.alpr("collector", "add", "--name", "Draining");
  await central.alpr("camera", "approve", "--collector", "Fresh", "--id", "gate");
  await watch(central, database);
  let batches = 0;
  let isOver = false;
  const drain = async (): Promise<void> => {
    while (!isOver) {
      await sendBatch(central.url, draining, aBatch(true));
      batches++;
    }
  };
  const lanes = Array.from({ length: LANES }, drain);
  const cars: Promise<number>[] = [];
  for (let car = 0; car < CARS; car++) {
    await sleep(EVERY_MS);
    cars.push(passCar(central, fresh, database, car));
  }
  try {
    return { samples: await Promise.all(cars), batches };
  } finally {
    isOver = true;
    await Promise.all(lanes);
  }
};
