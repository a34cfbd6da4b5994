/**
 * One batch: which rows and images go together, and the multipart body they make.
 * Rule: the bytes of a payload and of an image go out exactly as they were stored, and a batch stays within its limit.
 */
import { randomBytes } from "node:crypto";
import type { ImageRole } from "@chaverim/contracts";
import type { RequestBody } from "./central.ts";
import type { DetectionBuffer, DueRow, Settlement, StoredImage } from "./buffer.ts";
import { codeOf, reasonOf } from "./failure.ts";
import { release } from "./images.ts";

export type BatchElement = {
  row: DueRow;
  /** What stands in `detections`: the payload as a text beside its signature. */
  text: string;
  images: (StoredImage & { data: Buffer })[];
  /** Images that cannot go now (a disk that does not read, a size that central does not take): tried again later. */
  withheld: { role: ImageRole; reason: string }[];
};

export type Batch = {
  elements: BatchElement[];
  bytes: number;
  /** Rows of which no image can go now, so that there is nothing to send of them. */
  idle: BatchElement[];
  /** Images whose stored copy is gone or altered. */
  lost: Extract<Settlement, { kind: "image_lost" }>[];
  /** An image was left for another batch. */
  imagesLeft: boolean;
};

export type BatchLimits = {
  /** The whole body, but the first row and the first image go whatever they have: or they never would. */
  bytes: number;
  /** The largest image that central takes. */
  imageBytes: number;
};

/** The head of a part: 130 bytes and a name. */
const PART_BYTES = 200;

const emptyBatch = (): Batch => ({ elements: [], bytes: 0, idle: [], lost: [], imagesLeft: false });

const elementOf = (row: DueRow): BatchElement => {
  const { payload, signature } = row;
  return { row, text: JSON.stringify({ payload, signature }), images: [], withheld: [] };
};

/** Reads one image into its element, or notes why it cannot go. */
const addImage = async (
  buffer: DetectionBuffer,
  batch: Batch,
  element: BatchElement,
  image: StoredImage,
  limits: BatchLimits,
): Promise<void> => {
  if (image.bytes > limits.imageBytes) {
    const reason = `central takes images of at most ${limits.imageBytes} bytes`;
    return void element.withheld.push({ role: image.role, reason });
  }
  try {
    const data = await buffer.readImage(image);
    if (data === null) return void batch.lost.push({ seq: element.row.seq, kind: "image_lost", role: image.role });
    element.images.push({ ...image, data });
    batch.bytes += data.length + PART_BYTES;
  } catch (error) {
    // A bad sector (EIO) costs one picture, not the batch: thrown, it would stop every row for good.
    if (codeOf(error) === null) throw error;
    element.withheld.push({ role: image.role, reason: reasonOf(error) });
  }
};

/** Takes as many rows as fit, with their images while these fit too: a crop before a scene. */
export const fillMetadataBatch = async (
  buffer: DetectionBuffer,
  rows: readonly DueRow[],
  limits: BatchLimits,
  withImages: boolean,
): Promise<Batch> => {
  const batch = emptyBatch();
  for (const row of rows) {
    const element = elementOf(row);
    const bytes = Buffer.byteLength(element.text);
    if (batch.elements.length > 0 && batch.bytes + bytes > limits.bytes) break;
    batch.elements.push(element);
    batch.bytes += bytes;
  }
  for (const element of batch.elements) {
    for (const image of element.row.imagesDue.toSorted(cropFirst)) {
      const fits = withImages && batch.bytes + image.bytes <= limits.bytes;
      if (fits || image.bytes > limits.imageBytes) await addImage(buffer, batch, element, image, limits);
      else batch.imagesLeft = true;
    }
  }
  return batch;
};

const cropFirst = (a: StoredImage, b: StoredImage) => (a.role < b.role ? -1 : a.role > b.role ? 1 : 0);

/** The rows of which an image fits into one batch, the first in any case. The other lane can have the rest. */
export const rowsWithRoom = (rows: readonly DueRow[], limits: BatchLimits): DueRow[] => {
  let bytes = 0;
  const tooMany = rows.findIndex(({ payload, imagesDue }) => {
    const isFull = bytes > limits.bytes;
    bytes += imagesDue.reduce((sum, image) => sum + image.bytes, Buffer.byteLength(payload));
    return isFull;
  });
  return tooMany === -1 ? [...rows] : rows.slice(0, tooMany);
};

/** Takes images in the order of their rows for as long as they fit; each brings its row's bytes with it. */
export const fillImageBatch = async (
  buffer: DetectionBuffer,
  rows: readonly DueRow[],
  limits: BatchLimits,
): Promise<Batch> => {
  const batch = emptyBatch();
  for (const row of rows) {
    const element = elementOf(row);
    const textBytes = Buffer.byteLength(element.text);
    for (const image of row.imagesDue) {
      const bytes = batch.bytes + image.bytes + (element.images.length === 0 ? textBytes : 0);
      const isFirst = batch.elements.length === 0 && element.images.length === 0;
      if (!isFirst && bytes > limits.bytes && image.bytes <= limits.imageBytes) {
        batch.imagesLeft = true;
        break;
      }
      await addImage(buffer, batch, element, image, limits);
    }
    if (element.images.length > 0) {
      batch.elements.push(element);
      batch.bytes += textBytes;
    } else if (element.withheld.length > 0) {
      batch.idle.push(element);
    }
    if (batch.imagesLeft) break;
  }
  return batch;
};

/** Gives back the memory of a batch's pictures. Only when it has been sent and answered: they are empty then. */
export const releaseImages = ({ elements }: Batch): void => {
  for (const { images } of elements) for (const { data } of images) release(data);
};

const CRLF = "\r\n";

/** The part `detections`, exactly as it is sent. */
export const detectionsOf = (elements: readonly BatchElement[]): string =>
  `[${elements.map(({ text }) => text).join(",")}]`;

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
  addPart('name="detections"', "application/json", Buffer.from(detectionsOf(elements)));
  for (const [index, { images }] of elements.entries()) {
    // The full scene before the crop, whatever was read first.
    for (const { role, data } of images.toSorted((a, b) => cropFirst(b, a))) {
      const name = `image_${index}_${role}`;
      addPart(`name="${name}"; filename="${name}.jpg"`, "image/jpeg", data);
    }
  }
  chunks.push(Buffer.from(`--${boundary}--${CRLF}`));
  return { contentType: `multipart/form-data; boundary=${boundary}`, chunks };
};
