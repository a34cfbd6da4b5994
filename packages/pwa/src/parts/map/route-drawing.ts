/**
 * What is drawn of a plate's way: stops in a time, legs of each kind once, numbers at each camera, meetings of two plates.
 * Rule: as many lines as there are pairs of cameras, however often the way was driven; a leg says only what two readings prove.
 */
import { type Leg, type Stop, legsOf } from "@chaverim/contracts";
import type { Position } from "./geometry.ts";

export type RouteStop = Stop & { cameraName: string };
export type DrawnLeg = { from: Position; to: Position; kind: Exclude<Leg["kind"], "stay">; speedKph: number | null };
/** The stops at one camera, by their number in the shown time. */
export type DrawnStop = { cameraId: string; cameraName: string; position: Position; numbers: number[] };

/** Stops between two times, both in milliseconds and included. */
export const stopsWithin = (stops: readonly RouteStop[], fromMs: number, toMs: number): RouteStop[] =>
  stops.filter(({ at }) => Date.parse(at) >= fromMs && Date.parse(at) <= toMs);

/** The lines of a way; of several legs of one kind between two cameras the fastest stands for all. */
export const drawnLegs = (stops: readonly RouteStop[]): DrawnLeg[] => {
  const drawn = new Map<string, DrawnLeg>();
  for (const { from, to, kind, speedKph } of legsOf(stops)) {
    if (kind === "stay" || from.position === null || to.position === null) continue;
    const key = `${kind} ${from.cameraId} ${to.cameraId}`;
    const before = drawn.get(key);
    if (before === undefined || (speedKph ?? 0) > (before.speedKph ?? 0))
      drawn.set(key, { from: from.position, to: to.position, kind, speedKph });
  }
  return [...drawn.values()];
};

/** Where the numbers stand; a camera that nobody placed has none. */
export const drawnStops = (stops: readonly RouteStop[]): DrawnStop[] => {
  const drawn = new Map<string, DrawnStop>();
  stops.forEach(({ cameraId, cameraName, position }, place) => {
    if (position === null) return;
    const before = drawn.get(cameraId);
    if (before === undefined) drawn.set(cameraId, { cameraId, cameraName, position, numbers: [place + 1] });
    else before.numbers.push(place + 1);
  });
  return [...drawn.values()];
};

/** Three numbers are read at a glance; the list beside the map has all. */
const NUMBERS_SHOWN = 3;
export const numbersLabel = (numbers: readonly number[]): string =>
  numbers.length <= NUMBERS_SHOWN
    ? numbers.join(" · ")
    : `${numbers.slice(0, NUMBERS_SHOWN - 1).join(" · ")} … ${numbers.at(-1)}`;

/** Two cars at one camera within this time are together, as in "seen with". */
export const MEETING_MS = 30_000;

export type Meeting = { cameraId: string; cameraName: string; at: string; secondsApart: number };

/** Where two plates were read at one camera at the same time, oldest first; both ways are oldest first. */
export const meetingsOf = (ours: readonly RouteStop[], theirs: readonly RouteStop[]): Meeting[] => {
  let first = 0;
  return ours.flatMap((stop) => {
    const atMs = Date.parse(stop.at);
    while (first < theirs.length && Date.parse(theirs[first]?.at ?? "") < atMs - MEETING_MS) first++;
    for (let place = first; place < theirs.length; place++) {
      const other = theirs[place] as RouteStop;
      const apartMs = Math.abs(Date.parse(other.at) - atMs);
      if (Date.parse(other.at) > atMs + MEETING_MS) break;
      if (other.cameraId === stop.cameraId)
        return [{ cameraId: stop.cameraId, cameraName: stop.cameraName, at: stop.at, secondsApart: apartMs / 1000 }];
    }
    return [];
  });
};
