/**
 * A way on the map: its lines, what is doubtful about them in words, and the numbers of its stops.
 * Rule: a leg that no car can drive says so where it is.
 */
import L from "leaflet";
import { m } from "../../i18n/map.ts";
import { type Position, bentLine, farthestFrom } from "./geometry.ts";
import { pinIcon } from "./pin-icon.ts";
import { textElement, wordsElement } from "./pins.ts";
import { type DrawnLeg, type DrawnStop, numbersLabel } from "./route-drawing.ts";

export type Way = { legs: readonly DrawnLeg[]; stops: readonly DrawnStop[] };

const toLeaflet = ({ lat, lon }: Position): L.LatLngTuple => [lat, lon];

/** @param place 0 is the plate of the question, 1 the one beside it */
export const wayLayers = ({ legs, stops }: Way, place: number): L.Layer[] => [
  ...legs.flatMap(({ from, to, kind, speedKph }) => {
    const points = bentLine(from, to);
    const line = L.polyline(points.map(toLeaflet), { interactive: false, className: `leg leg-${kind} way-${place}` });
    if (kind !== "impossible" || speedKph === null) return [line];
    const words = wordsElement("leg-words", m("map.leg.impossible", { speed: Math.round(speedKph) }));
    const free = farthestFrom(
      stops.map(({ position }) => position),
      points.slice(1, -1),
    );
    return [line, L.marker(toLeaflet(free ?? from), { icon: pinIcon(words), interactive: false, keyboard: false })];
  }),
  ...stops.map(({ position, numbers }) =>
    L.marker([position.lat, position.lon], {
      icon: pinIcon(textElement("span", `stop-numbers way-${place}`, numbersLabel(numbers))),
      interactive: false,
      keyboard: false,
      zIndexOffset: 1000,
    }),
  ),
];
