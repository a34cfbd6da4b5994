/**
 * A way on the map: its lines, what is doubtful about them in words, and the numbers of its stops.
 * Rule: a leg that no car can drive says so where it is.
 */
import L from "leaflet";
import { m } from "../../i18n/map.ts";
import { bentLine } from "./geometry.ts";
import { pinIcon } from "./pin-icon.ts";
import { textElement, wordsElement } from "./pins.ts";
import { type DrawnLeg, type DrawnStop, numbersLabel } from "./route-drawing.ts";

export type Way = { legs: readonly DrawnLeg[]; stops: readonly DrawnStop[] };

/** @param place 0 is the plate of the question, 1 the one beside it */
export const wayLayers = ({ legs, stops }: Way, place: number): L.Layer[] => [
  ...legs.flatMap(({ from, to, kind, speedKph }) => {
    const points = bentLine(from, to).map(({ lat, lon }): L.LatLngTuple => [lat, lon]);
    const line = L.polyline(points, { interactive: false, className: `leg leg-${kind} way-${place}` });
    if (kind !== "impossible" || speedKph === null) return [line];
    const words = wordsElement("leg-words", m("map.leg.impossible", { speed: Math.round(speedKph) }));
    return [
      line,
      L.marker(points[2] ?? points[0] ?? [0, 0], { icon: pinIcon(words), interactive: false, keyboard: false }),
    ];
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
