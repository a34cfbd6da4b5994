/**
 * An element of ours as what stands at a place of the map.
 * Rule: apart from what draws the element, which the list beside the map needs without Leaflet.
 */
import L from "leaflet";

/** Finger-sized. */
const TARGET_PX = 48;

export const pinIcon = (html: HTMLElement): L.DivIcon =>
  L.divIcon({ html, className: "map-icon", iconSize: [TARGET_PX, TARGET_PX] });
