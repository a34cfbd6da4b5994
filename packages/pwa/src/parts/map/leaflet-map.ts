/**
 * Leaflet, held by one hand: the ground, the cameras, ways and counts on it.
 * Rule: the frame moves only when a person or a new question says so, and no text ever becomes markup here.
 */
import type { MapGround, MapSource } from "@chaverim/contracts";
import L from "leaflet";
import "leaflet/dist/leaflet.css";
import "leaflet.markercluster/dist/MarkerCluster.css";
import { type ShownCameras, createPins } from "./camera-pins.ts";
import type { Frame } from "./geometry.ts";
import { createGround, createTiles } from "./ground-layers.ts";
import { type Way, wayLayers } from "./way-layers.ts";

/** A street and its names fill the screen; nearer there is nothing more to see. */
const ZOOM_MAX = 18;
/** The whole country. */
const ZOOM_MIN = 6;
/** Room for names and buttons at the edges. */
const MARGIN_PX = 48;

export type MapHandle = {
  showCameras: (shown: ShownCameras) => void;
  showWays: (ways: readonly Way[]) => void;
  showGround: (ground: MapGround) => void;
  /** Asks again for tiles that are missing. */
  retryTiles: () => void;
  fit: (frame: Frame) => void;
  zoom: (step: 1 | -1) => void;
  /** Whether one finger moves the map and not the page. */
  setMovable: (movable: boolean) => void;
  pulse: (cameraId: string, kind: "alert" | "detection") => void;
  close: () => void;
};
type Options = {
  source: MapSource;
  /** Null shows the whole world until something is there to be framed. */
  frame: Frame | null;
  onChoose: (cameraId: string) => void;
  /** Whether some of the tiles are missing now. */
  onTilesMissing: (missing: boolean) => void;
};

const fitTo = (map: L.Map, { south, west, north, east }: Frame): void => {
  const corners: L.LatLngTuple[] = [
    [south, west],
    [north, east],
  ];
  map.fitBounds(L.latLngBounds(corners), { padding: [MARGIN_PX, MARGIN_PX], animate: false });
};

/** Opens a map in an element; the caller closes it. */
export const openMap = (element: HTMLElement, { source, frame, onChoose, onTilesMissing }: Options): MapHandle => {
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
  });
  // Before anything is on it: whatever is there moves with the frame.
  if (frame === null) map.setView([0, 0], ZOOM_MIN);
  else fitTo(map, frame);
  const ground = createGround(map);
  const tiles = createTiles(map, source, ZOOM_MAX, onTilesMissing);
  const pins = createPins(map, onChoose);
  const ways = L.layerGroup().addTo(map);
  const sizes = new ResizeObserver(() => map.invalidateSize({ pan: false }));
  sizes.observe(element);
  return {
    showCameras: pins.show,
    showWays: (shown) => {
      ways.clearLayers();
      for (const layer of shown.flatMap(wayLayers)) ways.addLayer(layer);
    },
    showGround: ground.show,
    retryTiles: tiles.retry,
    fit: (next) => fitTo(map, next),
    zoom: (step) => map.setZoom(map.getZoom() + step),
    setMovable: (movable) => map.dragging[movable ? "enable" : "disable"](),
    pulse: pins.pulse,
    close: () => {
      ground.close();
      tiles.close();
      sizes.disconnect();
      map.remove();
    },
  };
};
