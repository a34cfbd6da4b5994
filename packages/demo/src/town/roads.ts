/**
 * The roads of the fictional town of Mill Square: junctions, streets, distances and the quickest way between two places.
 * Rule: the town lies in open sea (33.5 N, 31.5 E, between Cyprus and Egypt), so that no real street is ever meant.
 */

/** Where Mill Square, the centre, would be. */
const CENTRE = { lat: 33.5, lon: 31.5 };
/** The plan below is drawn on a grid of 6 m: the town is about 3.5 km wide and 4 km high. */
const METRES_PER_UNIT = 6;
/** Mill Square on the plan. */
const CENTRE_ON_PLAN = { x: 311, y: 353 };
/** Metres in one degree of latitude (WGS 84 mean, good to 0.5 %). */
const METRES_PER_DEGREE = 111_195;

/** Junctions and ends of streets: x to the east, y to the south, in plan units. */
const PLAN = {
  northExit: [289, 46],
  northGate1: [291, 160],
  northGate2: [299, 197],
  ringNorth: [302, 232],
  millSquare: [311, 353],
  ringSouth: [318, 522],
  southGate: [317, 600],
  southExit: [316, 717],
  stationExit: [77, 210],
  stationStreet: [117, 214],
  ringNorthWest: [215, 245],
  market: [257, 298],
  westExit: [77, 403],
  ringWest: [151, 394],
  ringSouthWest: [182, 492],
  ringNorthEast: [402, 246],
  ringEast: [442, 345],
  bridgeWest: [482, 334],
  bridgeEast: [570, 341],
  eastExit: [664, 338],
  orchardRoad: [624, 228],
  orchardExit: [664, 236],
  depot: [410, 508],
  quay: [540, 508],
  harborRoad: [627, 507],
  harborExit: [632, 717],
  millLane: [117, 538],
  millLaneExit: [77, 540],
  hillQuarter: [160, 130],
  gardenQuarter: [470, 150],
  orchardQuarter: [610, 120],
  oldTown: [228, 430],
  weaversQuarter: [384, 425],
  fieldQuarter: [190, 645],
  southQuarter: [430, 625],
} as const satisfies Record<string, readonly [number, number]>;

export type Place = keyof typeof PLAN;

/** Streets by the speed that traffic keeps on them, in km/h. */
const STREETS: readonly { kph: number; line: readonly Place[] }[] = [
  { kph: 55, line: ["northExit", "northGate1", "northGate2", "ringNorth"] },
  { kph: 42, line: ["ringNorth", "millSquare", "ringSouth"] },
  { kph: 55, line: ["ringSouth", "southGate", "southExit"] },
  { kph: 45, line: ["stationExit", "stationStreet", "ringNorthWest"] },
  { kph: 30, line: ["ringNorthWest", "market", "millSquare"] },
  { kph: 50, line: ["westExit", "ringWest"] },
  { kph: 42, line: ["ringWest", "millSquare", "ringEast"] },
  { kph: 50, line: ["ringEast", "bridgeWest", "bridgeEast", "eastExit"] },
  {
    kph: 50,
    line: [
      "ringNorth",
      "ringNorthEast",
      "ringEast",
      "depot",
      "ringSouth",
      "ringSouthWest",
      "ringWest",
      "ringNorthWest",
      "ringNorth",
    ],
  },
  { kph: 50, line: ["ringNorthEast", "orchardRoad", "orchardExit"] },
  { kph: 45, line: ["depot", "quay", "harborRoad", "harborExit"] },
  { kph: 45, line: ["bridgeEast", "harborRoad"] },
  { kph: 45, line: ["millLaneExit", "millLane", "ringSouth"] },
  { kph: 30, line: ["northGate1", "hillQuarter", "stationStreet"] },
  { kph: 30, line: ["northGate2", "gardenQuarter", "ringNorthEast"] },
  { kph: 30, line: ["gardenQuarter", "orchardQuarter", "orchardRoad"] },
  { kph: 30, line: ["ringWest", "oldTown", "millSquare"] },
  { kph: 30, line: ["millSquare", "weaversQuarter", "ringEast"] },
  { kph: 30, line: ["millLane", "fieldQuarter", "southGate"] },
  { kph: 30, line: ["southGate", "southQuarter", "depot"] },
];

/** From here on a street is drawn as a main road. */
const MAIN_KPH = 42;

/** Where people live: quarters of the town, and the roads out for those who live beyond. */
export const HOMES: readonly Place[] = [
  "hillQuarter",
  "gardenQuarter",
  "orchardQuarter",
  "oldTown",
  "weaversQuarter",
  "fieldQuarter",
  "southQuarter",
  "northExit",
  "westExit",
  "eastExit",
  "southExit",
];
/** Where people go to work. */
export const WORKPLACES: readonly Place[] = [
  "market",
  "millSquare",
  "depot",
  "quay",
  "harborExit",
  "northExit",
  "eastExit",
  "southExit",
  "stationExit",
];
/** Where people go besides. */
export const ERRANDS: readonly Place[] = ["market", "millSquare", "stationExit", "orchardExit", "quay", "millLaneExit"];

export const PLACES = Object.keys(PLAN) as Place[];

/** The streets as GeoJSON; the quicker ones are main roads. */
export const streetsAsGeoJson = (): object => ({
  type: "FeatureCollection",
  features: STREETS.map(({ kph, line }) => ({
    type: "Feature",
    properties: { kind: kph >= MAIN_KPH ? "main" : "street" },
    geometry: { type: "LineString", coordinates: line.map(positionOf).map(({ lat, lon }) => [lon, lat]) },
  })),
});

export type Leg = { to: Place; metres: number; kph: number };

const metresBetween = (from: Place, to: Place): number =>
  Math.hypot(PLAN[from][0] - PLAN[to][0], PLAN[from][1] - PLAN[to][1]) * METRES_PER_UNIT;

const legsByPlace: ReadonlyMap<Place, readonly Leg[]> = (() => {
  const legs = new Map<Place, Leg[]>(PLACES.map((place) => [place, []]));
  for (const { kph, line } of STREETS) {
    line.forEach((from, index) => {
      const to = line[index + 1];
      if (to === undefined) return;
      const metres = metresBetween(from, to);
      legs.get(from)?.push({ to, metres, kph });
      legs.get(to)?.push({ to: from, metres, kph });
    });
  }
  return legs;
})();

/** The streets that leave a place. */
export const legsFrom = (place: Place): readonly Leg[] => legsByPlace.get(place) ?? [];

/** Latitude and longitude of a place, degrees, to about a decimetre. */
export const positionOf = (place: Place): { lat: number; lon: number } => {
  const [x, y] = PLAN[place];
  const north = (CENTRE_ON_PLAN.y - y) * METRES_PER_UNIT;
  const east = (x - CENTRE_ON_PLAN.x) * METRES_PER_UNIT;
  const metresPerDegreeEast = METRES_PER_DEGREE * Math.cos((CENTRE.lat * Math.PI) / 180);
  const toMicrodegrees = (degrees: number) => Math.round(degrees * 1e6) / 1e6;
  return {
    lat: toMicrodegrees(CENTRE.lat + north / METRES_PER_DEGREE),
    lon: toMicrodegrees(CENTRE.lon + east / metresPerDegreeEast),
  };
};

/** The direction from one place to another, degrees clockwise from north, 0..359. */
export const bearing = (from: Place, to: Place): number => {
  const degrees = (Math.atan2(PLAN[to][0] - PLAN[from][0], PLAN[from][1] - PLAN[to][1]) * 180) / Math.PI;
  return Math.round((degrees + 360) % 360) % 360;
};

/** Seconds that ordinary traffic needs for a street. */
export const secondsFor = (leg: Leg): number => leg.metres / (leg.kph / 3.6);

/**
 * The quickest way (Dijkstra; 35 places need no heap).
 * @returns the places passed, both ends included; throws when there is no way, which the tests exclude
 */
export const quickestWay = (from: Place, to: Place): Place[] => {
  const seconds = new Map<Place, number>([[from, 0]]);
  const cameFrom = new Map<Place, Place>();
  const open = new Set<Place>([from]);
  while (open.size > 0) {
    const here = [...open].reduce((best, place) =>
      (seconds.get(place) ?? 0) < (seconds.get(best) ?? 0) ? place : best,
    );
    if (here === to) break;
    open.delete(here);
    for (const leg of legsFrom(here)) {
      const arrival = (seconds.get(here) ?? 0) + secondsFor(leg);
      if (arrival >= (seconds.get(leg.to) ?? Infinity)) continue;
      seconds.set(leg.to, arrival);
      cameFrom.set(leg.to, here);
      open.add(leg.to);
    }
  }
  const way = [to];
  for (let place = cameFrom.get(to); place !== undefined; place = cameFrom.get(place)) way.unshift(place);
  if (way[0] !== from) throw new Error(`There is no way from ${from} to ${to}.`);
  return way;
};
