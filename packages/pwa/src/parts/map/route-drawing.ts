/**
 * What is drawn of a plate's way: stops in a time, legs of each kind once, numbers at each camera.
 * Rule: as many lines as there are pairs of cameras, however often the way was driven; a leg says only what two readings prove.
 */
import { type Leg, type Stop, legsOf } from "@chaverim/contracts";
import type { Position } from "./geometry.ts";

export type DrawnLeg = { from: Position; to: Position; kind: Exclude<Leg["kind"], "stay">; speedKph: number | null };
/** The stops at one camera, by their number in the shown time. */
export type DrawnStop = { cameraId: string; cameraName: string; position: Position; numbers: number[] };

/** Stops between two times, both in milliseconds and included. */
export const stopsWithin = (stops: readonly Stop[], fromMs: number, toMs: number): Stop[] =>
  stops.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);

/** Places in a list of stops, the first and the last that are shown. */
export type Range = readonly [number, number];
export type Times = { first?: string | undefined; last?: string | undefined };

/** The stops between two times of an address; all of them where it says nothing, and where nothing is between. */
export const rangeIn = (stops: readonly Stop[], { first, last }: Times): Range => {
  const [fromMs, toMs] = [Date.parse(first ?? ""), Date.parse(last ?? "")];
  const end = Math.max(0, stops.length - 1);
  const from = Number.isNaN(fromMs) ? 0 : stops.findIndex(({ atMs }) => atMs >= fromMs);
  const to = Number.isNaN(toMs) ? end : stops.findLastIndex(({ atMs }) => atMs <= toMs);
  return from === -1 || to < from ? [0, end] : [from, to];
};

/** The same the other way round; what begins and ends with all stops says nothing. */
export const timesOfRange = (stops: readonly Stop[], [from, to]: Range): Times => {
  const at = (place: number) => new Date(stops[place]?.atMs ?? 0).toISOString();
  return { first: from <= 0 ? undefined : at(from), last: to >= stops.length - 1 ? undefined : at(to) };
};

/** The lines of a way; of several legs of one kind between two cameras the fastest stands for all. */
export const drawnLegs = (stops: readonly Stop[]): DrawnLeg[] => {
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
export const drawnStops = (stops: readonly Stop[]): DrawnStop[] => {
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
