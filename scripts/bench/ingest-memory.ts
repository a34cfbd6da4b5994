/**
 * What a hundred bodies of 30 MB at once do to central's memory.
 * Rule: measured from outside, as the kernel counts it; the sender holds one picture for all of them.
 */
import { readFileSync } from "node:fs";
import { BATCH, aBatch, aJpeg, declare, postBatch, sendBatch, toBody, uuidV7 } from "./batches.ts";
import type { BenchCentral } from "./central.ts";

const UPLOADS = 100;
/** What central takes of one key at once. */
const PER_KEY = 4;
/** Four pictures of 7.5 MB: below the 32 MB of a batch and the 8 MB of a picture. */
const PICTURES = 4;
const PICTURE_BYTES = 7_500_000;
/** Ordinary batches first: plans, pools and caches are there before the memory is compared. */
const ORDINARY = 20;
const LOOK_MS = 20;

/** Memory that is central's own and no file's, in MB. */
const ownMemory = (pid: number): number => {
  const [, kilobytes] = /RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) / 1024;
};

/** @returns megabytes before, at most and a moment after, and the answers by status */
export const measureMemory = async (
  central: BenchCentral,
): Promise<{ before: number; most: number; statuses: Record<number, number> }> => {
  const keys: string[] = [];
  for (let place = 0; place < UPLOADS / PER_KEY; place++)
    keys.push((await central.alpr("collector", "add", "--name", `Large ${place}`))["apiKey"] ?? "");
  for (let sent = 0; sent < ORDINARY; sent++) await sendBatch(central.url, keys[0] ?? "", aBatch(true));
  const before = ownMemory(central.pid);
  let most = before;
  const looking = setInterval(() => (most = Math.max(most, ownMemory(central.pid))), LOOK_MS);
  const picture = aJpeg(PICTURE_BYTES);
  const image = declare("full", picture);
  const statuses: Record<number, number> = {};
  const upload = async (place: number): Promise<void> => {
    const detections = Array.from({ length: PICTURES }, (_, index) => ({
      id: uuidV7(),
      cameraId: "gate",
      capturedAt: new Date(Date.now() - place * BATCH - index).toISOString(),
      plate: { text: `M${place}N${index}` },
      images: [image],
    }));
    const images = detections.map((_, index) => ({ name: `image_${index}_full`, bytes: picture }));
    const { status } = await postBatch(central.url, keys[place % keys.length] ?? "", toBody(detections, images));
    statuses[status] = (statuses[status] ?? 0) + 1;
  };
  await Promise.all(Array.from({ length: UPLOADS }, (_, place) => upload(place)));
  clearInterval(looking);
  return { before, most, statuses };
};
