/**
 * What happens in the town from the moment it is ready, without end: traffic, the planned hits, the lost uplink.
 * Rule: pure; the same seed tells the same story, and time is counted in milliseconds from the first moment.
 */
import { between, createRandom, pick, pickWeighted, seedFor } from "./random.ts";
import type { Random } from "./random.ts";
import { cameraById } from "./town/cameras.ts";
import type { Place } from "./town/roads.ts";
import { drive, takeReading } from "./town/trips.ts";
import type { Pass } from "./town/trips.ts";
import type { Vehicle, Watched } from "./town/vehicles.ts";

export type Event =
  | (Pass & { kind: "pass"; watched: boolean })
  | { kind: "uplink"; atMs: number; collector: "Bridge"; up: boolean };

export type Town = { seed: number; vehicles: readonly Vehicle[]; watched: readonly Watched[] };

/** The planned part. The van needs 15 s for the 223 m between the gates (53 km/h), then 75 s for 940 m in town. */
const FIRST_HIT_MS = 10_000;
const SECOND_HIT_MS = 25_000;
const UPLINK_LOST_MS = 45_000;
/** Its next heartbeat, every 5 s, finds the line again: it has drained by about 80 s. */
const UPLINK_BACK_MS = 73_000;
const LOOK_ALIKE_MS = 100_000;

/** One reading a second in the whole town: a quiet evening, and little work for a laptop. */
const MS_PER_PASS = 1000;
/** The roads are already busy at the first moment: longer than the longest drive. */
const TRAFFIC_SINCE_MS = -900_000;
/** A watched car every three to five minutes, once the planned part is over. */
const WATCHED_PAUSE_MS: readonly [number, number] = [180_000, 300_000];

const plannedEvents = ([van]: readonly Watched[], random: Random): Event[] => {
  if (!van) throw new Error("The story needs a watched vehicle.");
  const pass = (atMs: number, cameraId: string, side: Pass["side"], read: string, speedKph: number): Event => ({
    kind: "pass",
    watched: true,
    atMs,
    camera: cameraById(cameraId),
    vehicle: van,
    side,
    speedKph,
    ...takeReading(van, random, read),
  });
  return [
    pass(FIRST_HIT_MS, "north-gate-1", "front", van.plate, 54),
    pass(SECOND_HIT_MS, "north-gate-2", "rear", van.plate, 52),
    { kind: "uplink", atMs: UPLINK_LOST_MS, collector: "Bridge", up: false },
    { kind: "uplink", atMs: UPLINK_BACK_MS, collector: "Bridge", up: true },
    pass(LOOK_ALIKE_MS, "mill-square", "rear", van.plate.replace("8", "B"), 41),
  ];
};

/** A stop between two drives: shopping, a delivery. */
const REST_MS = 60_000;

/** Where a car is and when it may leave again. */
type Whereabouts = { place: Place; freeAtMs: number };

/** From home a car goes to work or on an errand, and from anywhere else home. */
const chooseEnd = (vehicle: Vehicle, from: Place, random: Random): Place => {
  if (from !== vehicle.home) return vehicle.home;
  return random() < 0.7 ? vehicle.work : vehicle.errand;
};

/** Tells the events in order of time, for ever: take what you need. */
export const tellStory = function* (town: Town): Generator<Event, never> {
  const random = createRandom(seedFor(town.seed, "story"));
  const pending: Event[] = plannedEvents(town.watched, random);
  const [van] = town.watched;
  const whereabouts = new Map<Vehicle, Whereabouts>(
    [...town.vehicles, ...town.watched].map((vehicle) => {
      const place = random() < 0.5 ? vehicle.home : vehicle.work;
      return [vehicle, { place, freeAtMs: TRAFFIC_SINCE_MS }];
    }),
  );
  // The van of the planned part is last seen in Mill Square.
  if (van) whereabouts.set(van, { place: "millSquare", freeAtMs: LOOK_ALIKE_MS + REST_MS });
  let nextTripMs = TRAFFIC_SINCE_MS;
  let nextWatchedMs = LOOK_ALIKE_MS + between(random, ...WATCHED_PAUSE_MS) / 2;

  const freeAt = <T extends Vehicle>(vehicles: readonly T[], atMs: number): T[] =>
    vehicles.filter((vehicle) => (whereabouts.get(vehicle)?.freeAtMs ?? 0) <= atMs);

  const send = (vehicle: Vehicle, startMs: number, watched: boolean): number => {
    const from = whereabouts.get(vehicle)?.place ?? vehicle.home;
    const to = chooseEnd(vehicle, from, random);
    const { passes, endMs } = drive(vehicle, from, to, startMs, random);
    whereabouts.set(vehicle, { place: to, freeAtMs: endMs + REST_MS });
    for (const pass of passes) if (pass.atMs >= 0) pending.push({ kind: "pass", watched, ...pass });
    return passes.length;
  };

  for (;;) {
    const earliest = pending.reduce((best, event) => (event.atMs < best.atMs ? event : best), { atMs: Infinity });
    if (nextTripMs <= earliest.atMs && nextTripMs <= nextWatchedMs) {
      const startMs = nextTripMs;
      const free = freeAt(town.vehicles, startMs);
      const passes = free.length === 0 ? 1 : send(pickWeighted(random, free), startMs, false);
      // As long a pause as the drive has passes, so that there is one pass a second whatever the drives are.
      nextTripMs += passes * MS_PER_PASS * between(random, 0.5, 1.5);
    } else if (nextWatchedMs <= earliest.atMs) {
      const free = freeAt(town.watched, nextWatchedMs);
      if (free.length > 0) send(pick(random, free), nextWatchedMs, true);
      nextWatchedMs += between(random, ...WATCHED_PAUSE_MS);
    } else {
      const index = pending.findIndex((event) => event.atMs === earliest.atMs);
      yield* pending.splice(index, 1);
    }
  }
};
