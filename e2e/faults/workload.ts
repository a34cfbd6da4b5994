/**
 * The detections that every experiment sends, from a seed.
 * Rule: each plate is read once, so that at central each must be found exactly once; every twentieth is watched.
 */
import { createHash } from "node:crypto";
import type { Dropped, Picture } from "../support/collector.ts";

/** 5 %, as in a busy town with long lists. */
const WATCHED_EVERY = 20;
/** A full scene and a crop with every tenth, at the small end of what cameras send. */
const PICTURED_EVERY = 10;
const FULL_BYTES = 30_000;
const CROP_BYTES = 6_000;

export type Generated = {
  plate: string;
  /** Null: the collector gives it its own time. */
  capturedAt: string | null;
  station: string;
  isWatched: boolean;
  pictures: { role: Picture["role"]; sha256: string; bytes: number }[];
  droppedAt: number;
};

export const isWatched = (place: number): boolean => place % WATCHED_EVERY === 7;

/** The plate of the n-th detection, which also names its file; in the order of the alphabet, in which a folder is read. */
export const plateOf = (place: number): string => `F${String(place).padStart(7, "0")}${isWatched(place) ? "W" : "K"}`;

/** Bytes that begin like a JPEG and that this seed, plate and role alone have. */
const pictureOf = (seed: number, plate: string, role: Picture["role"], size: number): Picture => {
  const head = Buffer.from([0xff, 0xd8, 0xff, 0xe0]);
  const rest = createHash("shake256", { outputLength: size - head.length })
    .update(`${seed} ${plate} ${role}`)
    .digest();
  const bytes = Buffer.concat([head, rest]);
  return { role, bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
};

/** The n-th detection, captured now. */
export const detectionOf = (seed: number, place: number): Dropped => {
  const plate = plateOf(place);
  const pictures =
    place % PICTURED_EVERY === 0
      ? [pictureOf(seed, plate, "full", FULL_BYTES), pictureOf(seed, plate, "crop", CROP_BYTES)]
      : [];
  return { plate, capturedAt: new Date().toISOString(), pictures };
};
