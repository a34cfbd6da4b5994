/**
 * Who drives here: 160 vehicles with homes, routines and fictional plates, and the five that are watched.
 * Rule: no ordinary plate looks like a watched one, so every alert of the demo is one that the story meant.
 */
import { between, createRandom, pick, pickWeighted, seedFor } from "../random.ts";
import type { Random } from "../random.ts";
import { ERRANDS, HOMES, WORKPLACES } from "./roads.ts";
import type { Place } from "./roads.ts";

export const BODY_TYPES = ["car", "suv", "van", "pickup"] as const;
export type BodyType = (typeof BODY_TYPES)[number];

export const COLORS = ["white", "silver", "grey", "black", "blue", "red", "green", "beige"] as const;
export type Color = (typeof COLORS)[number];

export type Vehicle = {
  plate: string;
  make: string;
  model: string;
  color: Color;
  type: BodyType;
  home: Place;
  work: Place;
  errand: Place;
  /** Minutes after midnight at which it leaves for work, and for home. */
  leavesAt: number;
  returnsAt: number;
  /** How often it is on the road, compared with the others. */
  weight: number;
  /** 1 keeps the usual speed of a street; 1.1 is a tenth quicker. */
  pace: number;
};

const MODELS: readonly { make: string; model: string; type: BodyType; weight: number }[] = [
  { make: "Toyota", model: "Corolla", type: "car", weight: 6 },
  { make: "Hyundai", model: "i20", type: "car", weight: 5 },
  { make: "Kia", model: "Picanto", type: "car", weight: 5 },
  { make: "Mazda", model: "3", type: "car", weight: 4 },
  { make: "Skoda", model: "Octavia", type: "car", weight: 4 },
  { make: "Volkswagen", model: "Golf", type: "car", weight: 3 },
  { make: "Kia", model: "Sportage", type: "suv", weight: 5 },
  { make: "Nissan", model: "Qashqai", type: "suv", weight: 4 },
  { make: "Toyota", model: "RAV4", type: "suv", weight: 3 },
  { make: "Mitsubishi", model: "Outlander", type: "suv", weight: 3 },
  { make: "Ford", model: "Transit", type: "van", weight: 3 },
  { make: "Renault", model: "Trafic", type: "van", weight: 2 },
  { make: "Isuzu", model: "D-Max", type: "pickup", weight: 2 },
  { make: "Toyota", model: "Hilux", type: "pickup", weight: 2 },
];

const COLOR_SHARES: readonly { color: Color; weight: number }[] = [
  { color: "white", weight: 9 },
  { color: "silver", weight: 6 },
  { color: "grey", weight: 5 },
  { color: "black", weight: 4 },
  { color: "blue", weight: 3 },
  { color: "red", weight: 2 },
  { color: "green", weight: 1 },
  { color: "beige", weight: 1 },
];

const VEHICLE_COUNT = 160;

/** A watched vehicle, with what its watchlist entry says. */
export type Watched = Vehicle & {
  list: "Stolen vehicle" | "Repeat burglary" | "Follow";
  reason: string;
  lookFor: string;
  match: "exact" | "look-alike";
};

const routine = (random: Random): Pick<Vehicle, "home" | "work" | "errand" | "leavesAt" | "returnsAt" | "pace"> => {
  const home = pick(random, HOMES);
  const notHome = (places: readonly Place[]) =>
    pick(
      random,
      places.filter((place) => place !== home),
    );
  return {
    home,
    work: notHome(WORKPLACES),
    errand: notHome(ERRANDS),
    // Shifts start between half past five and half past nine, and last eight to ten hours.
    leavesAt: Math.round(between(random, 5.5 * 60, 9.5 * 60)),
    returnsAt: Math.round(between(random, 14.5 * 60, 19.5 * 60)),
    pace: between(random, 0.9, 1.12),
  };
};

const WATCHED: readonly Omit<Watched, keyof ReturnType<typeof routine> | "weight">[] = [
  {
    plate: "1285-67",
    make: "Ford",
    model: "Transit",
    color: "white",
    type: "van",
    list: "Stolen vehicle",
    reason: "Reported stolen 21:10, Orchard Rd",
    lookFor: "White van, dent on rear left",
    match: "look-alike",
  },
  {
    plate: "F18A-02",
    make: "Mazda",
    model: "3",
    color: "red",
    type: "car",
    list: "Stolen vehicle",
    reason: "Taken from the station car park",
    lookFor: "Red Mazda 3, roof rack",
    match: "look-alike",
  },
  {
    plate: "KQ41-08",
    make: "Isuzu",
    model: "D-Max",
    color: "black",
    type: "pickup",
    list: "Repeat burglary",
    reason: "Seen at three break-ins, Harbor Rd",
    lookFor: "Black pickup, covered bed",
    match: "look-alike",
  },
  {
    plate: "88B1-16",
    make: "Renault",
    model: "Trafic",
    color: "grey",
    type: "van",
    list: "Repeat burglary",
    reason: "Plate copied from another van",
    lookFor: "Grey van, ladder on the roof",
    match: "look-alike",
  },
  {
    plate: "31X4-90",
    make: "Skoda",
    model: "Octavia",
    color: "silver",
    type: "car",
    list: "Follow",
    reason: "Asked about by the neighbourhood watch",
    lookFor: "Silver Octavia",
    match: "exact",
  },
];

export const WATCHLISTS = [
  { name: "Stolen vehicle", priority: 1 },
  { name: "Repeat burglary", priority: 2 },
  { name: "Follow", priority: 3 },
] as const;

/** What optical readers confuse, both ways; the demo's own misreadings come from here. */
const CONFUSIONS: Readonly<Record<string, string>> = {
  "8": "B",
  B: "8",
  "0": "D",
  O: "0",
  D: "0",
  Q: "0",
  "1": "I",
  I: "1",
  L: "1",
  "7": "1",
  "5": "S",
  S: "5",
  "2": "Z",
  Z: "2",
  "6": "G",
  G: "6",
};

/** The plate as a reader might get it wrong: one character swapped for its look-alike, or the plate itself if it has none. */
export const misread = (plate: string, random: Random): string => {
  const places = [...plate].flatMap((character, index) => (CONFUSIONS[character] === undefined ? [] : [index]));
  if (places.length === 0) return plate;
  const at = pick(random, places);
  return plate.slice(0, at) + (CONFUSIONS[plate.charAt(at)] ?? "") + plate.slice(at + 1);
};

/** Plates that a reader may take for one another have the same outline. */
const outline = (plate: string): string =>
  plate
    .replaceAll(/[^A-Z0-9]/g, "")
    .replaceAll(/[OQD0]/g, "0")
    .replaceAll(/[IL71]/g, "1")
    .replaceAll("S", "5")
    .replaceAll("B", "8")
    .replaceAll("Z", "2")
    .replaceAll("G", "6");

const DIGITS = "0123456789";
/** No I, O or Q on plates that are issued with letters, as in most countries. */
const LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ";

const drawPlate = (random: Random): string => {
  // Two in five are long ones of digits alone; the others mix letters in, in four patterns.
  const pattern = random() < 0.4 ? "99-999-99" : pick(random, ["AA99-99", "9A99-99", "99A9-99", "A9A9-99"]);
  return pattern.replaceAll(/[9A]/g, (kind) => pick(random, [...(kind === "9" ? DIGITS : LETTERS)]));
};

/** The people of the town: the same for the same seed. */
export const createVehicles = (seed: number): { vehicles: Vehicle[]; watched: Watched[] } => {
  const random = createRandom(seedFor(seed, "vehicles"));
  const watched = WATCHED.map((vehicle) => ({ ...vehicle, ...routine(random), weight: 1 }));
  const taken = new Set(watched.map(({ plate }) => outline(plate)));
  const vehicles: Vehicle[] = [];
  while (vehicles.length < VEHICLE_COUNT) {
    const plate = drawPlate(random);
    if (taken.has(outline(plate))) continue;
    taken.add(outline(plate));
    const { make, model, type } = pickWeighted(random, MODELS);
    const { color } =
      type === "van" && random() < 0.6 ? { color: "white" as const } : pickWeighted(random, COLOR_SHARES);
    // Vans deliver all day; most others make their two trips.
    const weight = type === "van" ? between(random, 2, 4) : between(random, 0.5, 1.5);
    vehicles.push({ plate, make, model, type, color, weight, ...routine(random) });
  }
  return { vehicles, watched };
};
