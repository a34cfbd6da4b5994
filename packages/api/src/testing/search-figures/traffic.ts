/**
 * A year of traffic past forty cameras, row by row in the order of time, with planted truths.
 * Rule: seeded; plates are made up, of the shapes that are on roads; the same seed and number make the same rows.
 */
import { misread } from "./misreading.ts";

export const CAMERAS = 40;
const YEAR_MS = 365 * 86_400_000;
/** A car that passes once and never again. */
const STRANGERS = 0.2;
/** Regulars for each row: with the strangers some 2.4 million plates in ten million rows. */
const REGULARS = 0.04;
/** The busiest regular has some 0.2 % of ten million rows, and 0.65 % of one million; the median one has a few. */
const SKEW = 2.2;
export const MISREADINGS = 0.03;
/** Cameras on the way of a regular. */
const HOME_CAMERAS = 4;

/** Buses and taxis: more rows each than a page of the timeline. */
export const BUSY_PLATES = 20;
const BUSY_SIGHTINGS = 1500;
export const CONVOYS = 50;
/** Pairs that meet as often as convoys do, at two cameras alone: the traffic of one road. */
export const NEIGHBOURS = 50;
const NEIGHBOUR_CAMERAS = 2;
const MEETINGS = 12;
/** So far before or behind the first car the second one is at most. */
const APART_MS = 29_000;
/** Plates of sixteen characters, the most that a search takes. */
export const LONG_PLATES = 100;
const LONG_SIGHTINGS = 3;
/** Numbers of vehicles that never come. */
const NEVER = 1_000_000_000;
const LONG = 2_000_000_000;

/** `meant` is the true plate of a reading that is wrong. */
export type Row = { atMs: number; camera: number; plate: string; meant?: string };

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export const createRandom = (seed: number) => {
  let state = seed >>> 0;
  return (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** A number in [0, 1) that belongs to a vehicle. */
const hashOf = (vehicle: number, salt: number): number => {
  let mixed = Math.imul(vehicle ^ (salt * 0x9e3779b1), 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 4_294_967_296;
};

const LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ";
const letter = (value: number): string => LETTERS[Math.floor(value * LETTERS.length)] ?? "A";

/** Israeli plates of seven and eight digits, and the three letters and four digits of many American states. */
export const plateOf = (vehicle: number): string => {
  const shape = hashOf(vehicle, 1);
  const number = hashOf(vehicle, 2);
  if (shape < 0.3) return String(1_000_000 + Math.floor(number * 9_000_000));
  if (shape < 0.6) return String(10_000_000 + Math.floor(number * 90_000_000));
  return `${letter(hashOf(vehicle, 3))}${letter(hashOf(vehicle, 4))}${letter(hashOf(vehicle, 5))}${String(Math.floor(number * 10_000)).padStart(4, "0")}`;
};

/** A plate that no camera sees, of the same shapes. */
export const neverSeenPlate = (index: number): string => plateOf(NEVER + index);
export const longPlate = (index: number): string =>
  [0, 1, 2]
    .map((part) => plateOf(LONG + index * 3 + part))
    .join("")
    .slice(0, 16);
export const busyPlate = (index: number): string => `BUS${String(1000 + index)}`;
export const convoyPlates = (index: number): [string, string] => [`LEAD${1000 + index}`, `TAIL${1000 + index}`];
export const neighbourPlates = (index: number): [string, string] => [`HOME${1000 + index}`, `NEXT${1000 + index}`];

const cameraOf = (vehicle: number, random: () => number): number =>
  Math.floor(hashOf(vehicle, 10 + Math.floor(random() * HOME_CAMERAS)) * CAMERAS);

const read = (row: Row, random: () => number): Row =>
  random() < MISREADINGS ? { ...row, plate: misread(row.plate, random), meant: row.plate } : row;

/** What is found again, at times of its own. */
const planted = (beginMs: number, random: () => number): Row[] => {
  const time = () => beginMs + Math.floor(random() * YEAR_MS);
  const camera = () => Math.floor(random() * CAMERAS);
  const many = (count: number, plate: (index: number) => string): Row[] =>
    Array.from({ length: count }, (_, index) => ({ atMs: time(), camera: camera(), plate: plate(index) }));
  const meetings = (pairs: number, plates: (index: number) => [string, string], cameras: number): Row[] =>
    Array.from({ length: pairs * MEETINGS }, (_, index): Row[] => {
      const [lead, tail] = plates(index % pairs);
      const met = { atMs: time(), camera: Math.floor(index / pairs) % cameras };
      return [
        { ...met, plate: lead },
        { ...met, atMs: met.atMs + Math.round((random() * 2 - 1) * APART_MS), plate: tail },
        { atMs: time(), camera: camera(), plate: lead },
        { atMs: time(), camera: camera(), plate: tail },
      ];
    }).flat();
  const busy = many(BUSY_PLATES * BUSY_SIGHTINGS, (index) => busyPlate(index % BUSY_PLATES));
  return [
    ...busy.map((row) => read(row, random)),
    ...meetings(CONVOYS, convoyPlates, CAMERAS),
    ...meetings(NEIGHBOURS, neighbourPlates, NEIGHBOUR_CAMERAS),
    ...many(LONG_PLATES * LONG_SIGHTINGS, (index) => longPlate(index % LONG_PLATES)),
  ].toSorted((a, b) => a.atMs - b.atMs);
};

/**
 * Yields about `rows` rows, ascending in time, that end at `endMs`.
 * @param regulars how many vehicles come again; their plates are `plateOf(0 … regulars - 1)`
 */
export function* traffic(rows: number, seed: number, endMs: number): Generator<Row> {
  const random = createRandom(seed);
  const beginMs = endMs - YEAR_MS;
  const regulars = regularsOf(rows);
  const truths = planted(beginMs, random);
  let truth = 0;
  for (let row = 0; row < rows; row++) {
    const atMs = Math.floor(beginMs + ((row + random()) / rows) * YEAR_MS);
    for (let next = truths[truth]; next !== undefined && next.atMs <= atMs; next = truths[++truth]) yield next;
    const isStranger = random() < STRANGERS;
    const vehicle = isStranger ? regulars + row : Math.floor(regulars * random() ** SKEW);
    yield read({ atMs, camera: cameraOf(vehicle, random), plate: plateOf(vehicle) }, random);
  }
  yield* truths.slice(truth);
}

export const regularsOf = (rows: number): number => Math.max(100, Math.floor(rows * REGULARS));
