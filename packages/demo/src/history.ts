/**
 * The week before the demo began: who drove where, following the routines, as detections for the real ingest.
 * Rule: pure and seeded, ids included, so an upload that was interrupted goes on where it stopped and repeats nothing.
 */
import { between, createRandom, seedFor } from "./random.ts";
import type { Random } from "./random.ts";
import { COLLECTORS } from "./town/cameras.ts";
import type { CollectorName } from "./town/cameras.ts";
import { drive } from "./town/trips.ts";
import type { Pass } from "./town/trips.ts";
import type { Vehicle } from "./town/vehicles.ts";

const HISTORY_DAYS = 7;
const DAY_MS = 86_400_000;
/** The last half hour belongs to the live town. */
const QUIET_MS = 30 * 60_000;
/** With two drives a day of about two and a half cameras each, this gives about 3,000 detections in a week. */
const DRIVES_SHARE = 0.5;
/** Half a megabyte a batch. */
const BATCH_ITEMS = 30;

export type PastPass = Pass & { id: string };
export type PastBatch = { collector: CollectorName; passes: PastPass[] };

/** A UUID of version 7 (RFC 9562, section 5.7) whose random part is seeded. */
const seededUuid = (atMs: number, random: Random): string => {
  const bytes = Buffer.from(Array.from({ length: 16 }, () => Math.floor(random() * 256)));
  bytes.writeUIntBE(atMs, 0, 6);
  bytes.writeUInt8(0x70 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
};

/** One vehicle's drives on one day: out in the morning, back in the evening, minutes apart from day to day. */
const dayOf = (vehicle: Vehicle, midnightMs: number, random: Random): Pass[] => {
  const startAt = (minutes: number) => midnightMs + (minutes + between(random, -12, 12)) * 60_000;
  const goesTo = random() < 0.85 ? vehicle.work : vehicle.errand;
  const out = drive(vehicle, vehicle.home, goesTo, startAt(vehicle.leavesAt), random);
  const back = drive(vehicle, goesTo, vehicle.home, startAt(vehicle.returnsAt), random);
  return [...out.passes, ...back.passes];
};

/**
 * Plans the week that ends at `endMs`.
 * @returns batches by collector, the newest day first
 */
export const planHistory = (seed: number, vehicles: readonly Vehicle[], endMs: number): PastBatch[] => {
  const random = createRandom(seedFor(seed, "history", endMs));
  const midnight = new Date(endMs);
  midnight.setHours(0, 0, 0, 0);
  const batches: PastBatch[] = [];
  for (let day = 0; day <= HISTORY_DAYS; day++) {
    const passes = vehicles
      .filter((vehicle) => random() < DRIVES_SHARE * Math.min(vehicle.weight, 1.6))
      .flatMap((vehicle) => dayOf(vehicle, midnight.getTime() - day * DAY_MS, random))
      .filter(({ atMs }) => atMs < endMs - QUIET_MS && atMs > endMs - HISTORY_DAYS * DAY_MS)
      .map((pass) => ({ ...pass, id: seededUuid(pass.atMs, random) }))
      .toSorted((a, b) => b.atMs - a.atMs);
    for (const collector of COLLECTORS) {
      const own = passes.filter(({ camera }) => camera.collector === collector);
      for (let from = 0; from < own.length; from += BATCH_ITEMS)
        batches.push({ collector, passes: own.slice(from, from + BATCH_ITEMS) });
    }
  }
  return batches;
};
