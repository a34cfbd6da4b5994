/**
 * One batch: which rows and images go together, and the multipart body they make.
 * Rule: the bytes of a payload and of an image go out exactly as they were stored, and a batch stays within its limit.
 */
import { randomBytes } from "node:crypto";
import type { ImageRole } from "@chaverim/contracts";
import type { RequestBody } from "./central.ts";
import type { DetectionBuffer, DueRow, Settlement, StoredImage } from "./buffer.ts";
import { codeOf, reasonOf } from "./failure.ts";

export type BatchElement = {
  row: DueRow;
  images: (StoredImage & { data: Buffer })[];
  /** Images that the disk could not read now: the row goes without them, and they are tried again later. */
  unreadable: { role: ImageRole; reason: string }[];
};

export type Batch = {
  elements: BatchElement[];
  bytes: number;
  /** Images whose stored copy is gone or altered. */
  lost: Extract<Settlement, { kind: "image_lost" }>[];
  /** Something that is due did not fit. */
  more: boolean;
};

export type BatchLimits = { rows: number; bytes: number; imagesPaused: boolean };

/** Reads an image; null when its stored copy is gone or altered, the reason when the disk cannot read it now. */
const tryReadImage = async (
  buffer: DetectionBuffer,
  image: StoredImage,
): Promise<Buffer | null | { reason: string }> => {
  try {
    return await buffer.readImage(image);
  } catch (error) {
    // A bad sector (EIO) costs one picture, not the batch: thrown, it would stop every row for good.
    if (codeOf(error) === null) throw error;
    return { reason: reasonOf(error) };
  }
};

/** Takes the newest due rows and as many of their images as fit; metadata hurries ahead of images that do not. */
export const fillBatch = async (buffer: DetectionBuffer, limits: BatchLimits, monotonicMs: number): Promise<Batch> => {
  const rows = buffer.due(limits.rows, monotonicMs, limits.imagesPaused);
  const batch: Batch = { elements: [], bytes: 0, lost: [], more: rows.length === limits.rows };
  let images = 0;
  for (const row of rows) {
    const payloadBytes = Buffer.byteLength(row.payload);
    if (batch.elements.length > 0 && batch.bytes + payloadBytes > limits.bytes) return { ...batch, more: true };
    batch.bytes += payloadBytes;
    const element: BatchElement = { row, images: [], unreadable: [] };
    batch.elements.push(element);
    if (limits.imagesPaused) continue;
    for (const image of row.imagesDue) {
      // The first image goes whatever its size, or one that is larger than the limit would never go.
      if (images > 0 && batch.bytes + image.bytes > limits.bytes) {
        batch.more = true;
        continue;
      }
      const data = await tryReadImage(buffer, image);
      if (data === null) {
        batch.lost.push({ seq: row.seq, kind: "image_lost", role: image.role });
      } else if (Buffer.isBuffer(data)) {
        element.images.push({ ...image, data });
        batch.bytes += data.length;
        images++;
      } else {
        element.unreadable.push({ role: image.role, ...data });
      }
    }
  }
  return batch;
};

const CRLF = "\r\n";

/** The multipart/form-data body: `detections` first, then the images in the order of their elements (wire.md). */
export const batchBody = (elements: readonly BatchElement[]): RequestBody => {
  // 128 random bits: no payload and no picture holds them.
  const boundary = `chaverim-${randomBytes(16).toString("hex")}`;
  const chunks: Buffer[] = [];
  const addPart = (disposition: string, contentType: string, data: Buffer) => {
    const head = [
      `--${boundary}`,
      `Content-Disposition: form-data; ${disposition}`,
      `Content-Type: ${contentType}`,
      "",
      "",
    ];
    chunks.push(Buffer.from(head.join(CRLF)), data, Buffer.from(CRLF));
  };
  const payloads = elements.map(({ row }) => row.payload).join(",");
  addPart('name="detections"', "application/json", Buffer.from(`[${payloads}]`));
  for (const [index, { images }] of elements.entries()) {
    for (const { role, data } of images) {
      const name = `image_${index}_${role}`;
      addPart(`name="${name}"; filename="${name}.jpg"`, "image/jpeg", data);
    }
  }
  chunks.push(Buffer.from(`--${boundary}--${CRLF}`));
  return { contentType: `multipart/form-data; boundary=${boundary}`, chunks };
};
