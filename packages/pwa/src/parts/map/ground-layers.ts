/**
 * What lies below the cameras: the built-in ground, or tiles.
 * Rule: drawn piece by piece when there is time, never before the frame is known, and what is missing is told while it is.
 */
import type { MapGround, MapSource } from "@chaverim/contracts";
import L from "leaflet";

/** Below the lines of ways, above the tiles. */
const GROUND_PANE = "ground";
const GROUND_DEPTH = "250";
/** A browser that is never idle draws all the same. */
const IDLE_WITHIN_MS = 500;

/** Does something when nothing else is to be done. @returns takes it back */
const whenIdle = (act: () => void): (() => void) => {
  if (!("requestIdleCallback" in window)) {
    const timer = setTimeout(act);
    return () => clearTimeout(timer);
  }
  const asked = requestIdleCallback(act, { timeout: IDLE_WITHIN_MS });
  return () => cancelIdleCallback(asked);
};

type Piece = { isArea: boolean; kind: MapGround["shapes"][number]["kind"]; lines: L.LatLngTuple[][] };

/** Shapes of one kind; areas lie below lines. */
const piecesOf = ({ shapes }: MapGround): Piece[] => {
  const pieces = new Map<string, Piece>();
  for (const { isArea, kind, points } of shapes) {
    const key = `${isArea} ${kind}`;
    const piece = pieces.get(key) ?? { isArea, kind, lines: [] };
    pieces.set(key, piece);
    piece.lines.push(points.map(([lon, lat]): L.LatLngTuple => [lat, lon]));
  }
  return [...pieces.values()].toSorted((a, b) => Number(b.isArea) - Number(a.isArea));
};

/** The built-in ground of a map; another one takes the place of the first. */
export const createGround = (map: L.Map) => {
  map.createPane(GROUND_PANE).style.zIndex = GROUND_DEPTH;
  const renderer = L.svg({ pane: GROUND_PANE, padding: 0.5 });
  const layers = L.layerGroup().addTo(map);
  let forget = (): void => undefined;
  const draw = ({ isArea, kind, lines }: Piece): void => {
    const className = `ground ${isArea ? "area" : "line"}-${kind}`;
    const options = { renderer, pane: GROUND_PANE, interactive: false, className };
    layers.addLayer(isArea ? L.polygon(lines, options) : L.polyline(lines, options));
  };
  return {
    show: (ground: MapGround): void => {
      forget();
      layers.clearLayers();
      const pieces = piecesOf(ground);
      const next = (): void => {
        const piece = pieces.shift();
        if (piece === undefined) return;
        draw(piece);
        forget = whenIdle(next);
      };
      forget = whenIdle(next);
    },
    close: () => forget(),
  };
};

/**
 * The tiles of a source, none of the built-in one.
 * @param tellMissing whether some of them are missing now
 */
export const createTiles = (
  map: L.Map,
  source: MapSource,
  maxZoom: number,
  tellMissing: (missing: boolean) => void,
) => {
  const options = { className: "map-raster", maxZoom };
  let layer: L.GridLayer | undefined;
  let isOpen = true;
  const add = (made: L.GridLayer): void => {
    layer = made;
    made.on("tileerror", () => tellMissing(true));
    made.on("tileload", () => tellMissing(false));
    made.addTo(map);
  };
  const open = async (): Promise<void> => {
    if (source.kind === "builtin") return;
    if (source.kind === "xyz") return add(L.tileLayer(source.url, options));
    try {
      const { PMTiles, leafletRasterLayer } = await import("pmtiles");
      const archive = new PMTiles(new URL(source.url, location.origin).href);
      const { minZoom, maxZoom: nativeZoom } = await archive.getHeader();
      if (!isOpen) return;
      add(
        leafletRasterLayer(archive, { ...options, minNativeZoom: minZoom, maxNativeZoom: nativeZoom }) as L.GridLayer,
      );
      tellMissing(false);
    } catch (error) {
      console.warn("The file of the map's ground could not be read", error);
      if (isOpen) tellMissing(true);
    }
  };
  void open();
  return {
    retry: (): void => {
      if (layer === undefined) void open();
      else layer.redraw();
    },
    close: () => {
      isOpen = false;
    },
  };
};
