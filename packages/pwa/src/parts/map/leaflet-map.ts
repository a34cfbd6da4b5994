/**
 * Leaflet, held by one hand: the ground, the cameras, ways and counts on it.
 * Rule: the frame moves only when a person or a new question says so, and no text ever becomes markup here.
 */
import type { MapCamera, MapGround, MapSource } from "@chaverim/contracts";
import L from "leaflet";
// oxlint-disable-next-line import/no-unassigned-import -- it adds itself to Leaflet
import "leaflet.markercluster";
import "leaflet/dist/leaflet.css";
import "leaflet.markercluster/dist/MarkerCluster.css";
import { m } from "../../i18n/map.ts";
import { type Frame, bentLine } from "./geometry.ts";
import { drawCamera, drawCount, textElement } from "./pins.ts";
import { type DrawnLeg, type DrawnStop, numbersLabel } from "./route-drawing.ts";

/** A street and its names fill the screen; nearer there is nothing more to see. */
const ZOOM_MAX = 18;
/** The whole country. */
const ZOOM_MIN = 6;
/** Pins nearer than this cover each other. */
const CLUSTER_PX = 30;
/** Room for names and buttons at the edges. */
const MARGIN_PX = 48;
/** Three rings of two seconds (look.md). */
const PULSE_MS = 6000;
/** Finger-sized. */
const TARGET_PX = 48;
/** Below the lines of ways, above the tiles. */
const GROUND_PANE = "ground";
const GROUND_DEPTH = "250";

export type Way = { legs: readonly DrawnLeg[]; stops: readonly DrawnStop[] };
export type Shown = {
  cameras: readonly MapCamera[];
  chosenId: string | undefined;
  /** The hour whose counts are shown, as a place in `perHour`; null shows health. */
  hour: number | null;
  ways: readonly Way[];
};
export type MapHandle = {
  show: (shown: Shown) => void;
  fit: (frame: Frame) => void;
  zoom: (step: 1 | -1) => void;
  /** Whether one finger moves the map and not the page. */
  setMovable: (movable: boolean) => void;
  pulse: (cameraId: string, kind: "alert" | "detection") => void;
  close: () => void;
};
type Options = {
  source: MapSource;
  ground: MapGround;
  onChoose: (cameraId: string) => void;
  /** Some of the ground did not come. */
  onGroundMissing: () => void;
};

const icon = (html: HTMLElement): L.DivIcon =>
  L.divIcon({ html, className: "map-icon", iconSize: [TARGET_PX, TARGET_PX] });

const drawGround = (map: L.Map, { shapes }: MapGround): void => {
  map.createPane(GROUND_PANE).style.zIndex = GROUND_DEPTH;
  const renderer = L.svg({ pane: GROUND_PANE, padding: 0.5 });
  for (const isArea of [true, false]) {
    for (const kind of new Set(shapes.filter((shape) => shape.isArea === isArea).map((shape) => shape.kind))) {
      const lines = shapes
        .filter((shape) => shape.isArea === isArea && shape.kind === kind)
        .map(({ points }) => points.map(([lon, lat]): [number, number] => [lat, lon]));
      const options = {
        renderer,
        pane: GROUND_PANE,
        interactive: false,
        className: `ground ${isArea ? "area" : "line"}-${kind}`,
      };
      (isArea ? L.polygon(lines, options) : L.polyline(lines, options)).addTo(map);
    }
  }
};

const addTiles = async (map: L.Map, { source, onGroundMissing }: Options, isOpen: () => boolean): Promise<void> => {
  if (source.kind === "builtin") return;
  const options = { className: "map-raster", maxZoom: ZOOM_MAX };
  if (source.kind === "xyz") {
    L.tileLayer(source.url, options).on("tileerror", onGroundMissing).addTo(map);
    return;
  }
  const { PMTiles, leafletRasterLayer } = await import("pmtiles");
  const archive = new PMTiles(new URL(source.url, location.origin).href);
  try {
    const { minZoom, maxZoom } = await archive.getHeader();
    if (!isOpen()) return;
    const layer = leafletRasterLayer(archive, { ...options, minNativeZoom: minZoom, maxNativeZoom: maxZoom });
    (layer as L.Layer).addTo(map);
  } catch (error) {
    console.warn("The file of the map's ground could not be read", error);
    onGroundMissing();
  }
};

const wayLayers = ({ legs, stops }: Way, place: number): L.Layer[] => [
  ...legs.flatMap(({ from, to, kind, speedKph }) => {
    const points = bentLine(from, to).map(({ lat, lon }): L.LatLngTuple => [lat, lon]);
    const line = L.polyline(points, { interactive: false, className: `leg leg-${kind} way-${place}` });
    if (kind !== "impossible" || speedKph === null) return [line];
    const words = textElement("span", "leg-words", m("map.leg.impossible", { speed: Math.round(speedKph) }));
    return [
      line,
      L.marker(points[2] ?? points[0] ?? [0, 0], { icon: icon(words), interactive: false, keyboard: false }),
    ];
  }),
  ...stops.map(({ position, numbers }) =>
    L.marker([position.lat, position.lon], {
      icon: icon(textElement("span", `stop-numbers way-${place}`, numbersLabel(numbers))),
      interactive: false,
      keyboard: false,
      zIndexOffset: 1000,
    }),
  ),
];

const createClusters = (isStill: boolean): L.MarkerClusterGroup =>
  L.markerClusterGroup({
    maxClusterRadius: CLUSTER_PX,
    animate: !isStill,
    showCoverageOnHover: false,
    iconCreateFunction: (cluster) => {
      const pin = document.createElement("div");
      pin.className = "pin-cluster";
      const number = textElement("span", "", String(cluster.getChildCount()));
      number.setAttribute("aria-hidden", "true");
      pin.append(number, textElement("span", "unseen", m("map.cluster", { count: cluster.getChildCount() })));
      return icon(pin);
    },
  });

/** The cameras' pins: each keeps its element, so that nothing blinks when numbers change. */
const createPins = (map: L.Map, isStill: boolean, onChoose: Options["onChoose"]) => {
  const clusters = createClusters(isStill).addTo(map);
  const counts = L.layerGroup().addTo(map);
  const pins = new Map<string, { element: HTMLElement; marker: L.Marker }>();

  const create = (camera: MapCamera) => {
    const element = document.createElement("div");
    const marker = L.marker([0, 0], { icon: icon(element) });
    marker.on("click", () => onChoose(camera.id));
    marker.on("keypress", ({ originalEvent }) => originalEvent.key === "Enter" && onChoose(camera.id));
    return { element, marker };
  };
  const show = ({ cameras, chosenId, hour }: Shown): void => {
    const placed = cameras.filter(({ position }) => position !== null);
    const home = hour === null ? clusters : counts;
    const other = hour === null ? counts : clusters;
    const ids = new Set(placed.map(({ id }) => id));
    for (const [id, { marker }] of pins) {
      other.removeLayer(marker);
      if (ids.has(id)) continue;
      home.removeLayer(marker);
      pins.delete(id);
    }
    const highest = Math.max(1, ...placed.flatMap(({ perHour }) => perHour));
    for (const camera of placed) {
      const pin = pins.get(camera.id) ?? create(camera);
      pins.set(camera.id, pin);
      const at = L.latLng(camera.position?.lat ?? 0, camera.position?.lon ?? 0);
      if (!pin.marker.getLatLng().equals(at)) {
        home.removeLayer(pin.marker);
        pin.marker.setLatLng(at);
      }
      if (hour === null) drawCamera(pin.element, camera, camera.id === chosenId);
      else drawCount(pin.element, camera, camera.perHour[hour] ?? 0, highest);
      if (!home.hasLayer(pin.marker)) home.addLayer(pin.marker);
    }
  };
  const pulse = (cameraId: string, kind: "alert" | "detection"): void => {
    const pin = pins.get(cameraId)?.element;
    if (pin === undefined) return;
    const ring = textElement("span", `pin-pulse pulse-${kind}`, "");
    pin.append(ring);
    setTimeout(() => ring.remove(), PULSE_MS);
  };
  return { show, pulse };
};

/** Opens a map in an element; the caller closes it. */
export const openMap = (element: HTMLElement, options: Options): MapHandle => {
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(element, {
    zoomControl: false,
    attributionControl: false,
    minZoom: ZOOM_MIN,
    maxZoom: ZOOM_MAX,
    zoomSnap: 0.5,
    zoomAnimation: !isStill,
    fadeAnimation: !isStill,
    markerZoomAnimation: !isStill,
    // Of the whole world until the first frame is known.
    center: [0, 0],
    zoom: ZOOM_MIN,
  });
  let isOpen = true;
  if (options.source.kind === "builtin") drawGround(map, options.ground);
  void addTiles(map, options, () => isOpen);
  const pins = createPins(map, isStill, options.onChoose);
  const ways = L.layerGroup().addTo(map);
  const sizes = new ResizeObserver(() => map.invalidateSize({ pan: false }));
  sizes.observe(element);
  return {
    show: (shown) => {
      pins.show(shown);
      ways.clearLayers();
      for (const layer of shown.ways.flatMap(wayLayers)) ways.addLayer(layer);
    },
    fit: ({ south, west, north, east }) => {
      map.fitBounds(
        [
          [south, west],
          [north, east],
        ],
        { padding: [MARGIN_PX, MARGIN_PX], animate: false },
      );
    },
    zoom: (step) => map.setZoom(map.getZoom() + step),
    setMovable: (movable) => map.dragging[movable ? "enable" : "disable"](),
    pulse: pins.pulse,
    close: () => {
      isOpen = false;
      sizes.disconnect();
      map.remove();
    },
  };
};
