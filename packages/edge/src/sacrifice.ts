/**
 * What goes when the disk is full: images, in a fixed order.
 * Rule: images that central holds, then the oldest scenes, then the oldest crops; metadata never, and each loss is recorded.
 */
import { statSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { SACRIFICES, type Heartbeat } from "@chaverim/contracts";
import { type DAMAGED_IMAGES, readSaid, type BufferRows, type KeptImage } from "./buffer-rows.ts";
import { BUFFER_FILE } from "./buffer-recovery.ts";
import type { Clock } from "./clock.ts";
import { createDamagedBytes } from "./damaged.ts";
import type { ImageStore } from "./images.ts";

export type Sacrifice = (typeof SACRIFICES)[number];
export type Sacrificed = NonNullable<Heartbeat["sacrificed"]>[number];

/** One slice of some 10 MB with full scenes. */
const SLICE_IMAGES = 100;
/** Left for the log, for SQLite's own files and for the system: 256 MB, on a tiny file system a twentieth. */
const RESERVE_BYTES = 256 * 1024 * 1024;

/**
 * The most that a buffer may take where nobody said: 90 % of the file system, and never more than is there, less a reserve.
 * @param usedBytes what the buffer has taken already
 */
const defaultMaxBytes = (dataDir: string, usedBytes: number): number => {
  const { blocks, bavail, bsize } = statfsSync(dataDir);
  const reserve = Math.min(RESERVE_BYTES, (blocks * bsize) / 20);
  return Math.floor(Math.min(blocks * bsize * 0.9, bavail * bsize + usedBytes) - reserve);
};

/** A sidecar is a block of the file system. */
const SIDECAR_BYTES = 4_096;
/** Room is made for more than one detection at a time: 16 MB is a few hundred images. */
const ROOM_BYTES = 16 * 1024 * 1024;

const candidates = ({ statements }: BufferRows, kind: Sacrifice): KeptImage[] => {
  switch (kind) {
    case "acknowledged_images":
      return statements.heldImages.all(SLICE_IMAGES);
    case "old_scenes":
      return statements.oldestDue.all("full", SLICE_IMAGES);
    case "old_crops":
      return statements.oldestDue.all("crop", SLICE_IMAGES);
  }
};

/** When an image was captured; of a row that is damaged, when it was stored. */
const capturedMs = ({ payload, createdAt }: KeptImage): number => {
  const said = readSaid(payload);
  return said ? Date.parse(said.capturedAt) : createdAt;
};

/** Counts images that are lost, with the times between which they were captured. */
export const recordLoss = (
  rows: BufferRows,
  kind: Sacrifice | typeof DAMAGED_IMAGES,
  images: readonly KeptImage[],
): void => {
  if (images.length === 0) return;
  const times = images.map(capturedMs);
  const bytes = images.reduce((sum, image) => sum + image.bytes, 0);
  const [fromAt, toAt] = [Math.min(...times), Math.max(...times)].map((ms) => new Date(ms).toISOString());
  rows.statements.noteSacrifice.run(kind, images.length, bytes, fromAt ?? "", toAt ?? "");
};

/**
 * Gives up images until so many bytes are free, or there is none left to give up; returns the bytes.
 * @param isNeeded says whether a file is wanted by a row that is just being added
 */
const giveUpImages = (
  rows: BufferRows,
  store: ImageStore,
  isNeeded: (sha256: string) => boolean,
  wantedBytes: number,
): number => {
  let freed = 0;
  for (const kind of SACRIFICES) {
    while (freed < wantedBytes) {
      const going: KeptImage[] = [];
      for (const image of candidates(rows, kind)) {
        if (freed >= wantedBytes) break;
        going.push(image);
        // The file first: on a full disk the note of it may have no room until it is gone.
        const others = rows.statements.keptBesides.get(image.sha256, image.seq, image.role);
        if (others !== undefined || isNeeded(image.sha256)) continue;
        store.remove(image.sha256);
        freed += image.bytes;
      }
      if (going.length === 0) break;
      rows.together(() => {
        for (const { seq, role } of going) {
          rows.statements.lose.run(seq, role);
          rows.statements.refreshDue.run(seq);
        }
        recordLoss(rows, kind, going);
      });
    }
  }
  return freed;
};

export type Space = {
  /** Gives up what must go so that so many bytes of images fit. */
  makeRoom: (bytes: number) => void;
  /** Gives up images because the disk itself is full; returns the bytes that became free. */
  giveUp: (bytes: number) => number;
  noteStored: (bytes: number) => void;
  /** Until an image that central does not hold must go, at the rate of the last hour; null while that is unknown. */
  imageSecondsLeft: (dueBytes: number) => number | null;
};

type SpaceOptions = {
  dataDir: string;
  withRows: <T>(work: (rows: BufferRows) => T) => T;
  store: ImageStore;
  isNeeded: (sha256: string) => boolean;
  maxBytes: number | null;
  clock: Clock;
};

/** Keeps the buffer within its bytes: images, rows and sidecars together. */
export const createSpace = ({ dataDir, withRows, store, isNeeded, maxBytes, clock }: SpaceOptions): Space => {
  const rate = createRate(clock);
  const damagedBytes = createDamagedBytes(dataDir);
  const fileBytes = (suffix: string) =>
    statSync(join(dataDir, BUFFER_FILE + suffix), { throwIfNoEntry: false })?.size ?? 0;
  const imageBytes = () => withRows(({ statements }) => Number(statements.getMeta.get("imageBytes")));
  const usedBytes = () => {
    const rows = withRows((now) => now.head().seq + 1 - (now.statements.oldestSeq.get() ?? now.head().seq + 1));
    return imageBytes() + rows * SIDECAR_BYTES + fileBytes("") + fileBytes("-wal") + damagedBytes();
  };
  const limit = maxBytes ?? defaultMaxBytes(dataDir, usedBytes());
  const room = Math.min(ROOM_BYTES, limit / 20);
  const giveUp = (bytes: number) => withRows((rows) => giveUpImages(rows, store, isNeeded, bytes + room));
  return {
    makeRoom: (bytes) => {
      const over = usedBytes() + bytes - limit;
      if (over > 0) giveUp(over);
    },
    giveUp,
    noteStored: rate.add,
    imageSecondsLeft: (dueBytes) => {
      const perSecond = rate.perSecond();
      if (perSecond === null || perSecond === 0) return null;
      // What central holds goes first.
      return Math.max(0, Math.round((limit - usedBytes() + imageBytes() - dueBytes) / perSecond));
    },
  };
};

/** Ten minutes each, six of them: what was stored within the last hour. */
const BUCKET_MS = 10 * 60_000;
const BUCKETS = 6;
/** Until the collector has run this long its rate says nothing. */
const RATE_AFTER_MS = 60_000;

/** How many bytes of images come in a second, over the last hour. */
const createRate = (clock: Clock): { add: (bytes: number) => void; perSecond: () => number | null } => {
  let buckets: { startMs: number; bytes: number }[] = [];
  const sinceMs = clock.monotonicMs();
  const trim = () => {
    const nowMs = clock.monotonicMs();
    buckets = buckets.filter(({ startMs }) => nowMs - startMs < BUCKET_MS * BUCKETS);
    return nowMs;
  };
  return {
    add: (bytes) => {
      const nowMs = trim();
      const last = buckets.at(-1);
      if (last && nowMs - last.startMs < BUCKET_MS) last.bytes += bytes;
      else buckets.push({ startMs: nowMs, bytes });
    },
    perSecond: () => {
      const nowMs = trim();
      const spanMs = Math.min(nowMs - sinceMs, BUCKET_MS * BUCKETS);
      if (spanMs < RATE_AFTER_MS) return null;
      return buckets.reduce((sum, { bytes }) => sum + bytes, 0) / (spanMs / 1_000);
    },
  };
};
