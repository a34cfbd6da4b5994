/**
 * The cameras on the map: a pin each, one for those that would cover each other, and circles for the counts of an hour.
 * Rule: a pin keeps its element, so that neither focus nor a ring is lost when numbers change; one that says the same is left alone.
 */
import type { MapCamera } from "@chaverim/contracts";
import L from "leaflet";
// oxlint-disable-next-line import/no-unassigned-import -- it adds itself to Leaflet
import "leaflet.markercluster";
import { pinIcon } from "./pin-icon.ts";
import { cameraKey, clusterPin, countKey, drawCamera, drawCount, textElement } from "./pins.ts";

/** Pins nearer than this cover each other. */
const CLUSTER_PX = 30;
/** Three rings of two seconds (look.md). */
const PULSE_MS = 6000;

export type ShownCameras = {
  cameras: readonly MapCamera[];
  chosenId: string | undefined;
  /** The hour whose counts are shown, as a place in `perHour`; null shows health. */
  hour: number | null;
};
type Pin = { element: HTMLElement; marker: L.Marker; camera: MapCamera; isChosen: boolean; key: string };

/** What a button does on Enter does it on Space, which would otherwise scroll the page. */
const isPressed = ({ originalEvent }: L.LeafletKeyboardEvent): boolean => {
  if (originalEvent.key === " ") originalEvent.preventDefault();
  return originalEvent.key === "Enter" || originalEvent.key === " ";
};

const createClusters = (map: L.Map, pinOf: (marker: L.Marker) => Pin | undefined): L.MarkerClusterGroup => {
  const clusters = L.markerClusterGroup({
    maxClusterRadius: CLUSTER_PX,
    animate: false,
    showCoverageOnHover: false,
    iconCreateFunction: (cluster) => {
      const inside = cluster.getAllChildMarkers().flatMap((marker) => pinOf(marker) ?? []);
      const chosen = inside.find(({ isChosen }) => isChosen)?.camera;
      return pinIcon(
        clusterPin(
          inside.map(({ camera }) => camera),
          chosen,
        ),
      );
    },
  });
  // Enter is known to them already.
  clusters.on("clusterkeypress", (event) => {
    const { layer, originalEvent } = event as unknown as L.LeafletKeyboardEvent & { layer: L.MarkerCluster };
    if (originalEvent.key !== " ") return;
    originalEvent.preventDefault();
    if (map.getZoom() < map.getMaxZoom()) layer.zoomToBounds();
    else layer.spiderfy();
  });
  return clusters.addTo(map);
};

export const createPins = (map: L.Map, onChoose: (cameraId: string) => void) => {
  const pins = new Map<string, Pin>();
  const byMarker = new WeakMap<L.Marker, Pin>();
  const clusters = createClusters(map, (marker) => byMarker.get(marker));
  const counts = L.layerGroup().addTo(map);
  let isHeat = false;

  const create = (camera: MapCamera): Pin => {
    const element = document.createElement("div");
    const marker = L.marker([0, 0], { icon: pinIcon(element) });
    marker.on("click", () => onChoose(camera.id));
    marker.on("keypress", (event) => isPressed(event) && onChoose(camera.id));
    const pin = { element, marker, camera, isChosen: false, key: "" };
    pins.set(camera.id, pin);
    byMarker.set(marker, pin);
    return pin;
  };
  const take = (markers: L.Marker[]): void => {
    if (markers.length === 0) return;
    if (isHeat) for (const marker of markers) counts.removeLayer(marker);
    else clusters.removeLayers(markers);
  };
  const put = (markers: L.Marker[]): void => {
    if (markers.length === 0) return;
    if (isHeat) for (const marker of markers) counts.addLayer(marker);
    else clusters.addLayers(markers);
  };
  const positionOf = ({ position }: MapCamera): L.LatLng => L.latLng(position?.lat ?? 0, position?.lon ?? 0);

  /** Takes away what is not there any more, and what moved: it comes back at its new place. */
  const takeOld = (placed: ReadonlyMap<string, MapCamera>): void => {
    const old: L.Marker[] = [];
    for (const [id, { marker }] of pins) {
      const camera = placed.get(id);
      if (camera !== undefined && marker.getLatLng().equals(positionOf(camera))) continue;
      old.push(marker);
      if (camera === undefined) pins.delete(id);
    }
    take(old);
  };

  const show = ({ cameras, chosenId, hour }: ShownCameras): void => {
    const placed = new Map(cameras.filter(({ position }) => position !== null).map((camera) => [camera.id, camera]));
    if (isHeat !== (hour !== null)) {
      (isHeat ? counts : clusters).clearLayers();
      isHeat = hour !== null;
    }
    takeOld(placed);
    const home = isHeat ? counts : clusters;
    const highest = Math.max(1, ...[...placed.values()].flatMap(({ perHour }) => perHour));
    const [added, redrawn]: [L.Marker[], L.Marker[]] = [[], []];
    for (const camera of placed.values()) {
      const pin = pins.get(camera.id) ?? create(camera);
      const isChosen = camera.id === chosenId;
      const count = hour === null ? 0 : (camera.perHour[hour] ?? 0);
      Object.assign(pin, { camera, isChosen });
      const isThere = home.hasLayer(pin.marker);
      if (!isThere) added.push(pin.marker.setLatLng(positionOf(camera)));
      const key = hour === null ? cameraKey(camera, isChosen) : countKey(camera, count, highest);
      if (key === pin.key) continue;
      pin.key = key;
      if (hour === null) drawCamera(pin.element, camera, isChosen);
      else drawCount(pin.element, camera, count, highest);
      if (isThere) redrawn.push(pin.marker);
    }
    put(added);
    if (!isHeat && redrawn.length > 0) clusters.refreshClusters(redrawn);
  };

  const pulse = (cameraId: string, kind: "alert" | "detection"): void => {
    const pin = pins.get(cameraId);
    if (pin === undefined) return;
    // What stands for it where it is, when others are near.
    const visible: L.Marker | null = isHeat ? pin.marker : clusters.getVisibleParent(pin.marker);
    const element = visible?.getElement()?.firstElementChild;
    if (!element) return;
    const ring = textElement("span", `pin-pulse pulse-${kind}`, "");
    element.append(ring);
    setTimeout(() => ring.remove(), PULSE_MS);
  };
  return { show, pulse };
};
