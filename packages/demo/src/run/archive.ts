/**
 * Uploads the week before, in the background, as any 20-line script would: plain REST with keys for bringing in an archive.
 * Rule: slowly, newest first, and each batch once; what was uploaded is noted after each batch.
 */
import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "../config.ts";
import { planHistory } from "../history.ts";
import type { PastBatch, PastPass } from "../history.ts";
import { takeCrop } from "../pictures/picture.ts";
import type { Vehicle } from "../town/vehicles.ts";
import type { CollectorName } from "../town/cameras.ts";
import { localTime } from "./feeds.ts";
import { createImportKey } from "./operator.ts";
import { readJson, writePrivately } from "./state.ts";
import type { Credentials } from "./state.ts";

/** A batch a second: the week is there within two minutes, and central hardly notices. */
const PAUSE_MS = 900;
/** Central is busy or is being stopped: there is no hurry. */
const RETRY_MS = 5_000;

/** How far the upload is: batches are planned anew from `endMs`, the same ones each time. */
type Progress = { endMs: number; uploaded: number; complete: boolean };

const isProgress = (value: unknown): value is Progress => {
  if (typeof value !== "object" || value === null) return false;
  const { endMs, uploaded, complete } = value as Partial<Progress>;
  return typeof endMs === "number" && typeof uploaded === "number" && typeof complete === "boolean";
};

/** One picture a vehicle: half an hour of drawing less, and the same bytes at each start. */
const createCrops = () => {
  const crops = new Map<string, Promise<Buffer>>();
  return ({ vehicle, camera, side }: PastPass): Promise<Buffer> => {
    const kept = crops.get(vehicle.plate);
    if (kept) return kept;
    const crop = takeCrop({ vehicle, camera, side, at: new Date(0) });
    crops.set(vehicle.plate, crop);
    return crop;
  };
};

const detectionOf = (
  { id, atMs, camera, vehicle, read, confidence, side, speedKph }: PastPass,
  crop: Buffer,
): Record<string, unknown> => ({
  id,
  cameraId: camera.id,
  capturedAt: localTime(new Date(atMs)),
  plate: { text: read, confidence },
  vehicle: {
    make: vehicle.make,
    model: vehicle.model,
    color: vehicle.color,
    type: vehicle.type,
    direction: side === "front" ? "forward" : "reverse",
    speedKph,
  },
  location: { lat: camera.lat, lon: camera.lon },
  images: [
    { role: "crop", sha256: createHash("sha256").update(crop).digest("hex"), bytes: crop.length, mime: "image/jpeg" },
  ],
});

const bodyOf = async (batch: PastBatch, cropOf: (pass: PastPass) => Promise<Buffer>): Promise<FormData> => {
  const crops = await Promise.all(batch.passes.map(cropOf));
  const form = new FormData();
  form.set(
    "detections",
    JSON.stringify(batch.passes.map((pass, index) => detectionOf(pass, crops[index] ?? Buffer.alloc(0)))),
  );
  crops.forEach((crop, index) =>
    form.set(`image_${index}_crop`, new Blob([new Uint8Array(crop)], { type: "image/jpeg" }), `${index}.jpg`),
  );
  return form;
};

/** Sends a batch once; null when central wants it again later, otherwise the pause that it asks for. */
const sendBatch = async (url: string, apiKey: string, body: FormData, signal: AbortSignal): Promise<number | null> => {
  try {
    const response = await fetch(`${url}/api/v1/detections/batch`, {
      method: "POST",
      headers: { "X-API-Key": apiKey },
      body,
      signal,
    });
    const answer = (await response.json()) as { pace?: { delayMs?: number } };
    return response.status === 200 ? (answer.pace?.delayMs ?? 0) : null;
  } catch (error) {
    // A broken line or a proxy's page: the batch is sent again, and central knows it by its ids.
    if (error instanceof TypeError || error instanceof SyntaxError || signal.aborted) return null;
    throw error;
  }
};

/**
 * Uploads what is missing of the week before this town's first start; returns at once when nothing is.
 * @returns how many detections were sent
 */
export const uploadHistory = async (
  config: Config,
  credentials: Credentials,
  vehicles: readonly Vehicle[],
  url: string,
  signal: AbortSignal,
): Promise<number> => {
  const kept = await readJson(config.paths.history);
  const progress: Progress = isProgress(kept) ? kept : { endMs: Date.now(), uploaded: 0, complete: false };
  const save = () => writePrivately(config.paths.history, `${JSON.stringify(progress)}\n`);
  await save();
  if (progress.complete) return 0;
  const batches = planHistory(credentials.seed, vehicles, progress.endMs);
  const cropOf = createCrops();
  const keys = new Map<CollectorName, Promise<string>>();
  const keyOf = (collector: CollectorName): Promise<string> => {
    const key = keys.get(collector) ?? createImportKey(config, collector);
    keys.set(collector, key);
    return key;
  };
  let sent = 0;
  for (const batch of batches.slice(progress.uploaded)) {
    const body = await bodyOf(batch, cropOf);
    let pauseMs: number | null = null;
    while (pauseMs === null && !signal.aborted) {
      pauseMs = await sendBatch(url, await keyOf(batch.collector), body, signal);
      await delay(pauseMs === null ? RETRY_MS : PAUSE_MS + pauseMs, undefined, { signal }).catch(() => undefined);
    }
    if (pauseMs === null) return sent;
    progress.uploaded += 1;
    sent += batch.passes.length;
    await save();
  }
  progress.complete = true;
  await save();
  return sent;
};
