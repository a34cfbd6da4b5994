/**
 * The way into the buffer: numbers, chains and signs each detection, and stores it with its images and its sidecar.
 * Rule: images and sidecar are durable before the row, the row before the next one, and `add` returns only then.
 */
import { randomBytes } from "node:crypto";
import { detectionSchema, type Detection } from "@chaverim/contracts";
import { checksumOf, type BufferRows, type NewRow, type StoredImage } from "./buffer-rows.ts";
import type { Sighting } from "./cameras/camera.ts";
import type { Clock } from "./clock.ts";
import { RecoverableError } from "./failure.ts";
import { sha256Of } from "./images.ts";
import { placeOf } from "./rebuild.ts";
import type { Sidecar, SidecarStore } from "./sidecars.ts";
import { createUuidV7 } from "./uuid-v7.ts";
import type { Vault } from "./vault.ts";

export type AddResult = { kind: "stored"; seq: number; id: string; bytes: number } | { kind: "repeat" };

/** A plate is guessed sooner than 256 random bits: a hash that is left after a purge tells nothing. */
const NONCE_BYTES = 32;
/** Rows that share one fsync when cameras are faster than the disk. */
const GROUP_ROWS = 32;

type Waiting = {
  sighting: Sighting;
  images: StoredImage[];
  /** Settles when the images are durable. */
  stored: Promise<unknown>;
  resolve: (result: AddResult) => void;
  reject: (error: unknown) => void;
};
type Composed = { waiting: Waiting; row: NewRow; sidecar: Sidecar };

type WriterOptions = {
  /** Works on the rows of now; they may be replaced between two calls. */
  withRows: <T>(work: (rows: BufferRows) => T) => T;
  sidecars: SidecarStore;
  vault: Vault;
  clock: Clock;
  /** Called when there is a newer row than before. */
  afterCommit: () => void;
};

/** The same event with no picture that is new; one whose file is lost is new when it comes again. */
const isRepeat = ({ statements }: BufferRows, { sighting, images }: Waiting): boolean =>
  statements.sameSource.all(sighting.reading.cameraId, sighting.source).some((seq) => {
    const known = new Set(statements.images.all(seq).flatMap(({ sha256, lost }) => (lost === 0 ? [sha256] : [])));
    return images.every(({ sha256 }) => known.has(sha256));
  });

/** Takes one sighting after the other into the chain; those that wait meanwhile go together. */
export const createWriter = (
  options: WriterOptions,
): ((sighting: Sighting, images: StoredImage[], stored: Promise<unknown>) => Promise<AddResult>) => {
  const { withRows, sidecars, vault, clock, afterCommit } = options;
  const nextId = createUuidV7(clock.nowMs);
  let queue: Waiting[] = [];
  let isWriting = false;

  const composeOne = (
    waiting: Waiting,
    at: { seq: number; epoch: number; place: number; prev: string | null },
  ): Composed => {
    const { sighting, images } = waiting;
    const detection: Detection = detectionSchema.parse({
      id: nextId(),
      ...sighting.reading,
      images: images.map((image) => ({ ...image, mime: "image/jpeg" })),
      epoch: at.epoch,
      seq: at.place,
      prev: at.prev,
      nonce: randomBytes(NONCE_BYTES).toString("base64"),
    });
    const payload = JSON.stringify(detection);
    const signature = vault.sign("payload", payload);
    const createdAt = Math.round(clock.nowMs());
    const { id, cameraId } = detection;
    const { source } = sighting;
    const bytes = images.reduce((sum, image) => sum + image.bytes, Buffer.byteLength(payload));
    const row = { seq: at.seq, id, cameraId, source, payload, signature, bytes, createdAt };
    return {
      waiting,
      row: { ...row, sha256: sha256Of(payload), checksum: checksumOf(row) },
      sidecar: { epoch: at.epoch, seq: at.place, payload, signature, source, createdAtMs: createdAt },
    };
  };

  /** Numbers and signs a group; repeats and what cannot be written are answered at once. */
  const compose = (rows: BufferRows, group: readonly Waiting[]): Composed[] => {
    const composed: Composed[] = [];
    const head = rows.head();
    let { seq, sha256: prev } = head;
    for (const waiting of group) {
      try {
        const place = placeOf(rows.epochs(), seq + 1);
        if (place === null) throw new Error("the buffer has no epoch");
        if (isRepeat(rows, waiting)) {
          waiting.resolve({ kind: "repeat" });
          continue;
        }
        const made = composeOne(waiting, { seq: seq + 1, epoch: place.epoch, place: place.seq, prev });
        composed.push(made);
        ({ seq, sha256: prev } = made.row);
      } catch (error) {
        waiting.reject(error);
      }
    }
    return composed;
  };

  const commit = (rows: BufferRows, composed: readonly Composed[]) =>
    rows.together(() => {
      for (const { row, sidecar, waiting } of composed) {
        const place = placeOf(rows.epochs(), row.seq);
        if (place?.epoch !== sidecar.epoch || place.seq !== sidecar.seq) {
          throw new RecoverableError("The buffer began a new epoch meanwhile.");
        }
        rows.insert(
          row,
          waiting.images.map((image) => ({ ...image, due: 1, lost: 0 })),
        );
        if (row.seq > rows.head().seq) rows.setHead(row.seq, row.sha256);
      }
    });

  /** The first of the queue, and behind it those of other events: whether they repeat it is known when it is stored. */
  const takeGroup = (): Waiting[] => {
    const events = new Set<string>();
    const isFirst = ({ sighting: { reading, source } }: Waiting) => {
      const event = JSON.stringify([reading.cameraId, source]);
      const isNew = events.size < GROUP_ROWS && !events.has(event);
      events.add(event);
      return isNew;
    };
    const { taken = [], left = [] } = Object.groupBy(queue, (waiting) => (isFirst(waiting) ? "taken" : "left"));
    queue = left;
    return taken;
  };

  const writeGroup = async (group: readonly Waiting[]): Promise<void> => {
    try {
      const composed = withRows((rows) => compose(rows, group));
      if (composed.length === 0) return;
      const files = sidecars.write(composed.map(({ sidecar }) => sidecar));
      await Promise.all([files, ...composed.map(({ waiting }) => waiting.stored)]);
      withRows((rows) => commit(rows, composed));
      afterCommit();
      for (const { waiting, row } of composed) {
        waiting.resolve({ kind: "stored", seq: row.seq, id: row.id, bytes: row.bytes });
      }
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  };

  const writeAll = async (): Promise<void> => {
    if (isWriting) return;
    isWriting = true;
    while (queue.length > 0) await writeGroup(takeGroup());
    isWriting = false;
  };

  return (sighting, images, stored) =>
    new Promise((resolve, reject) => {
      queue.push({ sighting, images, stored, resolve, reject });
      void writeAll();
    });
};
