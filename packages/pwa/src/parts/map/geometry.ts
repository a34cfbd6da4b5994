/**
 * The shapes on the map: what is in the frame, a camera's cone, circles of counts.
 * Rule: pure numbers; latitude and longitude in degrees, sizes as they are on the ground or on the screen.
 */
export type Position = { lat: number; lon: number };
export type Frame = { south: number; west: number; north: number; east: number };

/** A frame is never smaller than this, so that one camera is shown with the streets around it: about 600 m. */
const SPAN_MIN = 0.006;

/** The smallest frame around all positions; null around none. */
export const frameOf = (positions: readonly Position[]): Frame | null => {
  if (positions.length === 0) return null;
  let [south, west, north, east] = [90, 180, -90, -180];
  for (const { lat, lon } of positions) {
    south = Math.min(south, lat);
    north = Math.max(north, lat);
    west = Math.min(west, lon);
    east = Math.max(east, lon);
  }
  const widen = (low: number, high: number): [number, number] => {
    const more = Math.max(0, SPAN_MIN - (high - low)) / 2;
    return [low - more, high + more];
  };
  [south, north] = widen(south, north);
  [west, east] = widen(west, east);
  return { south, west, north, east };
};

/** How far a cone reaches on the screen, and half of its angle: what a plate camera sees is narrow, what people see is not. */
const CONE_PX = 34;
const CONE_HALF_DEGREES = 24;

/** The cone of a camera as the points of an SVG polygon around 0,0; heading in degrees clockwise from north. */
export const conePoints = (heading: number): string =>
  [
    [0, 0],
    ...[-1, -0.5, 0, 0.5, 1].map((part) => {
      const radians = ((heading + part * CONE_HALF_DEGREES) * Math.PI) / 180;
      return [Math.sin(radians) * CONE_PX, -Math.cos(radians) * CONE_PX];
    }),
  ]
    .map((point) => point.map((value) => value.toFixed(1)).join(","))
    .join(" ");

/** Circles of counts: none is invisible and none hides its neighbours. */
const CIRCLE_MIN_PX = 13;
const CIRCLE_MAX_PX = 34;

/** The radius for a count, by area: twice as many is twice the ink. */
export const circleRadius = (count: number, highest: number): number =>
  count <= 0
    ? CIRCLE_MIN_PX
    : CIRCLE_MIN_PX + (CIRCLE_MAX_PX - CIRCLE_MIN_PX) * Math.sqrt(count / Math.max(1, highest));

/** How far a line bends to its right, as a part of its length, so that the way out and the way back stand beside each other. */
const BEND = 0.07;

/** A bent line from one place to another; its middle is the third of five points. */
export const bentLine = (from: Position, to: Position): Position[] => {
  // A degree of longitude is shorter than one of latitude; bent on the ground, not in degrees.
  const shrink = Math.cos((from.lat * Math.PI) / 180);
  const [north, east] = [to.lat - from.lat, (to.lon - from.lon) * shrink];
  return [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const bend = BEND * 4 * part * (1 - part);
    return { lat: from.lat + north * part - east * bend, lon: from.lon + (east * part + north * bend) / shrink };
  });
};

/** The one of `places` that has none of `others` near: where words stand free; undefined of none. */
export const farthestFrom = (others: readonly Position[], places: readonly Position[]): Position | undefined => {
  const nearest = (place: Position): number =>
    Math.min(
      ...others.map(({ lat, lon }) =>
        Math.hypot(lat - place.lat, (lon - place.lon) * Math.cos((place.lat * Math.PI) / 180)),
      ),
    );
  return places.toSorted((a, b) => nearest(b) - nearest(a))[0];
};
