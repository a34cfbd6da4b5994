/**
 * The way of a car from camera to camera: legs, their speed, and what is doubtful about them.
 * Rule: a leg says only what two readings prove; between them nothing is known.
 */

/** Where and when a plate was read; a camera that nobody placed on the map has no position. */
export type Stop = {
  detectionId: string;
  cameraId: string;
  at: string;
  position: { lat: number; lon: number } | null;
};

/**
 * `gap`: so long that the car may have been anywhere. `impossible`: faster than any road allows, so that one of the two readings
 * is of another car. `lengthKm` is as the crow flies: the least that was driven.
 */
export type Leg = {
  from: Stop;
  to: Stop;
  lengthKm: number | null;
  speedKph: number | null;
  kind: "drive" | "gap" | "impossible" | "stay";
};

/** Beyond it a reading is taken for another car's. */
export const IMPOSSIBLE_KPH = 160;
/** Longer than a stop on the way. */
const GAP_MS = 30 * 60_000;
/** Two cameras at one crossing, each some metres wrong: no speed can be told. */
const NEAR_KM = 0.15;
/** Clocks of two collectors may differ so much. */
const CLOCK_MS = 2000;

const EARTH_KM = 6371;
const radians = (degrees: number) => (degrees * Math.PI) / 180;

/** Great-circle distance in kilometres (haversine). */
export const distanceKm = (a: { lat: number; lon: number }, b: { lat: number; lon: number }): number => {
  const h =
    Math.sin(radians(b.lat - a.lat) / 2) ** 2 +
    Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * Math.sin(radians(b.lon - a.lon) / 2) ** 2;
  return 2 * EARTH_KM * Math.asin(Math.sqrt(h));
};

const legOf = (from: Stop, to: Stop): Leg => {
  const elapsedMs = Date.parse(to.at) - Date.parse(from.at);
  const lengthKm = from.position && to.position ? distanceKm(from.position, to.position) : null;
  const isFar = lengthKm !== null && lengthKm > NEAR_KM;
  const speedKph = isFar ? lengthKm / ((elapsedMs + CLOCK_MS) / 3_600_000) : null;
  if (speedKph !== null && speedKph > IMPOSSIBLE_KPH) return { from, to, lengthKm, speedKph, kind: "impossible" };
  if (from.cameraId === to.cameraId) return { from, to, lengthKm, speedKph: null, kind: "stay" };
  return { from, to, lengthKm, speedKph, kind: elapsedMs > GAP_MS ? "gap" : "drive" };
};

/** @param stops oldest first */
export const legsOf = (stops: readonly Stop[]): Leg[] =>
  stops.slice(1).map((to, place) => legOf(stops[place] as Stop, to));
