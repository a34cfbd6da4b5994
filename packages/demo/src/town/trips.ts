/**
 * A drive through the town, seen by its cameras: who passes where, when, how fast and which side shows.
 * Rule: a pass follows from roads and speeds; no car is ever at two cameras sooner than it could drive.
 */
import { between } from "../random.ts";
import type { Random } from "../random.ts";
import { cameraAt } from "./cameras.ts";
import type { Camera } from "./cameras.ts";
import { bearing, legsFrom, quickestWay, secondsFor } from "./roads.ts";
import type { Place } from "./roads.ts";
import { misread } from "./vehicles.ts";
import type { Vehicle } from "./vehicles.ts";

export type Pass = {
  /** Milliseconds on the clock of the drive. */
  atMs: number;
  camera: Camera;
  vehicle: Vehicle;
  /** As the camera reads it, with its confidence 0..1. */
  read: string;
  confidence: number;
  /** The side that the camera sees: the front of a car that comes towards it. */
  side: "front" | "rear";
  speedKph: number;
};

/** One reading in fifty is wrong in one look-alike character, which is good for such cameras at night. */
const MISREAD_SHARE = 0.02;

/** One reading of a vehicle by a camera. `forced` is what is read, where the story wants a certain reading. */
export const takeReading = (vehicle: Vehicle, random: Random, forced?: string): Pick<Pass, "read" | "confidence"> => {
  const read = forced ?? (random() < MISREAD_SHARE ? misread(vehicle.plate, random) : vehicle.plate);
  const confidence = read === vehicle.plate ? between(random, 0.9, 0.995) : between(random, 0.78, 0.88);
  return { read, confidence: Math.round(confidence * 100) / 100 };
};

const sideSeen = (camera: Camera, course: number): Pass["side"] => {
  const apart = Math.abs(((camera.heading - course + 540) % 360) - 180);
  return apart < 90 ? "rear" : "front";
};

/**
 * Drives the quickest way and tells which cameras see it.
 * @param startMs when it leaves, on whatever clock the caller keeps
 * @returns the passes in order of time (none when no camera stands on the way), and when it arrives
 */
export const drive = (
  vehicle: Vehicle,
  from: Place,
  to: Place,
  startMs: number,
  random: Random,
): { passes: Pass[]; endMs: number } => {
  const way = quickestWay(from, to);
  const passes: Pass[] = [];
  let atMs = startMs;
  way.forEach((here, index) => {
    const before = way[index - 1];
    const next = way[index + 1];
    let speedKph = 30;
    if (before !== undefined) {
      const leg = legsFrom(before).find(({ to: end }) => end === here);
      if (!leg) throw new Error(`No street leads from ${before} to ${here}.`);
      // Lights and other cars: a leg takes up to a quarter longer than the free road would.
      const factor = vehicle.pace / between(random, 1, 1.25);
      atMs += (secondsFor(leg) / factor) * 1000;
      speedKph = Math.round(leg.kph * factor);
    }
    const camera = cameraAt(here);
    if (!camera) return;
    const course = next === undefined ? bearing(before ?? here, here) : bearing(here, next);
    passes.push({
      atMs: Math.round(atMs),
      camera,
      vehicle,
      ...takeReading(vehicle, random),
      side: sideSeen(camera, course),
      speedKph,
    });
  });
  return { passes, endMs: Math.round(atMs) };
};
