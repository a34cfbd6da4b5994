/**
 * The way of a car from camera to camera: legs, their speed, what is doubtful about them, and where two cars met.
 * Rule: a leg says only what two readings prove; between them nothing is known.
 */

/** A camera that nobody placed on the map has no position. */
export type RouteCamera = { id: string; name: string; position: { lat: number; lon: number } | null };

/** Stops as they travel, oldest first: each camera once, and the place of one in `cameras` with a time in milliseconds. */
export type Route = { cameras: RouteCamera[]; stops: [camera: number, atMs: number][]; truncated: boolean };

/** Where and when a plate was read. */
export type Stop = { cameraId: string; cameraName: string; position: RouteCamera["position"]; atMs: number };

/** The stops of a route; one without its camera is left out. */
export const stopsOf = ({ cameras, stops }: Route): Stop[] =>
  stops.flatMap(([place, atMs]) => {
    const camera = cameras[place];
    return camera === undefined
      ? []
      : [{ cameraId: camera.id, cameraName: camera.name, position: camera.position, atMs }];
  });

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

type Distances = (from: Stop, to: Stop) => number | null;

/** A way passes the same cameras again and again: what is between two of them is told once. */
const createDistances = (): Distances => {
  const known = new Map<string, Map<string, number | null>>();
  return (from, to) => {
    const ofFrom = known.get(from.cameraId) ?? new Map<string, number | null>();
    known.set(from.cameraId, ofFrom);
    let lengthKm = ofFrom.get(to.cameraId);
    if (lengthKm === undefined) {
      lengthKm = from.position && to.position ? distanceKm(from.position, to.position) : null;
      ofFrom.set(to.cameraId, lengthKm);
    }
    return lengthKm;
  };
};

const legOf = (from: Stop, to: Stop, lengthKm: number | null): Leg => {
  const elapsedMs = to.atMs - from.atMs;
  const isFar = lengthKm !== null && lengthKm > NEAR_KM;
  const speedKph = isFar ? lengthKm / ((elapsedMs + CLOCK_MS) / 3_600_000) : null;
  if (speedKph !== null && speedKph > IMPOSSIBLE_KPH) return { from, to, lengthKm, speedKph, kind: "impossible" };
  if (from.cameraId === to.cameraId) return { from, to, lengthKm, speedKph: null, kind: "stay" };
  return { from, to, lengthKm, speedKph, kind: elapsedMs > GAP_MS ? "gap" : "drive" };
};

/** @param stops oldest first */
export const legsOf = (stops: readonly Stop[]): Leg[] => {
  const distances = createDistances();
  return stops.slice(1).map((to, place) => {
    const from = stops[place] as Stop;
    return legOf(from, to, distances(from, to));
  });
};

/** So far apart do two cars pass one camera that belong together, and no further. */
export const MEETING_SECONDS = 30;
/** At fewer different cameras it is the traffic of one road. */
export const MEETING_CAMERAS = 3;

type Passage = { cameraId: string; atMs: number };
/** Two readings at one camera, as places in what was compared. */
export type Meeting = { ours: number; theirs: number; secondsApart: number };

/** The places of each camera's readings, oldest first. */
const placesByCamera = (passages: readonly Passage[]): Map<string, number[]> => {
  const byCamera = new Map<string, number[]>();
  passages.forEach(({ cameraId }, place) => {
    const places = byCamera.get(cameraId);
    if (places === undefined) byCamera.set(cameraId, [place]);
    else places.push(place);
  });
  const at = (place: number) => (passages[place] as Passage).atMs;
  for (const places of byCamera.values()) places.sort((a, b) => at(a) - at(b));
  return byCamera;
};

/** Pairs the times of one camera, both oldest first; `take` gets the places of each pair. */
const pairNearest = (
  ours: readonly number[],
  theirs: readonly number[],
  take: (our: number, their: number) => void,
): void => {
  // Theirs before `free` are taken or passed by; `after` is the first that is not before ours.
  let [free, after] = [0, 0];
  const nearestTo = (atMs: number): number => {
    while (after < theirs.length && (theirs[after] as number) < atMs) after++;
    const [before, next] = [theirs[after - 1], theirs[after]];
    if (after <= free || before === undefined) return after;
    return next === undefined || atMs - before <= next - atMs ? after - 1 : after;
  };
  const apart = (our: number, their: number) => Math.abs((ours[our] ?? Infinity) - (theirs[their] ?? -Infinity));
  ours.forEach((atMs, our) => {
    after = Math.max(after, free);
    let their = nearestTo(atMs);
    // What the next one of ours is nearer to is left to it.
    const next = ours[our + 1];
    if (next !== undefined && apart(our + 1, their) < apart(our, their)) {
      const kept = after;
      if (nearestTo(next) === their) their--;
      after = kept;
    }
    if (their < free || apart(our, their) > MEETING_SECONDS * 1000) return;
    take(our, their);
    free = their + 1;
  });
};

/**
 * Where two plates were read at one camera within MEETING_SECONDS: each reading of ours with the nearest of theirs, each in
 * one meeting. In the order of ours, whatever order that is.
 */
export const meetingsOf = (ours: readonly Passage[], theirs: readonly Passage[]): Meeting[] => {
  const others = placesByCamera(theirs);
  const meetings: Meeting[] = [];
  for (const [cameraId, places] of placesByCamera(ours)) {
    const otherPlaces = others.get(cameraId) ?? [];
    const timesOf = (passages: readonly Passage[], of: readonly number[]) =>
      of.map((place) => (passages[place] as Passage).atMs);
    const [ourTimes, theirTimes] = [timesOf(ours, places), timesOf(theirs, otherPlaces)];
    pairNearest(ourTimes, theirTimes, (our, their) =>
      meetings.push({
        ours: places[our] as number,
        theirs: otherPlaces[their] as number,
        secondsApart: Math.abs((ourTimes[our] as number) - (theirTimes[their] as number)) / 1000,
      }),
    );
  }
  return meetings.toSorted((a, b) => a.ours - b.ours);
};
