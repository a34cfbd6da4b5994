/**
 * The fourteen cameras, and the three collectors that serve them.
 * Rule: a camera stands at a place of the road plan and looks along one of its streets.
 */
import { bearing, positionOf } from "./roads.ts";
import type { Place } from "./roads.ts";

export const COLLECTORS = ["North", "Town", "Bridge"] as const;
export type CollectorName = (typeof COLLECTORS)[number];

/** What stands beside the road at a camera: chooses its scenery. */
export type Setting = "gate" | "street" | "market" | "lane" | "bridge" | "harbor";

type Site = {
  id: string;
  name: string;
  area: "North" | "Town" | "Harbor" | "South" | "Bridge";
  collector: CollectorName;
  /** How its pictures reach the collector: dropped files, or pushed as a Hikvision camera pushes. */
  adapter: "folder" | "hikvision";
  setting: Setting;
  at: Place;
  looksTo: Place;
};

const SITES: readonly Site[] = [
  {
    id: "north-gate-1",
    name: "North Gate 1",
    area: "North",
    collector: "North",
    adapter: "hikvision",
    setting: "gate",
    at: "northGate1",
    looksTo: "northExit",
  },
  {
    id: "north-gate-2",
    name: "North Gate 2",
    area: "North",
    collector: "North",
    adapter: "hikvision",
    setting: "gate",
    at: "northGate2",
    looksTo: "ringNorth",
  },
  {
    id: "station-st",
    name: "Station St",
    area: "North",
    collector: "North",
    adapter: "folder",
    setting: "street",
    at: "stationStreet",
    looksTo: "ringNorthWest",
  },
  {
    id: "orchard-rd",
    name: "Orchard Rd",
    area: "North",
    collector: "North",
    adapter: "folder",
    setting: "lane",
    at: "orchardRoad",
    looksTo: "orchardExit",
  },
  {
    id: "market",
    name: "Market",
    area: "Town",
    collector: "Town",
    adapter: "folder",
    setting: "market",
    at: "market",
    looksTo: "millSquare",
  },
  {
    id: "mill-square",
    name: "Mill Square",
    area: "Town",
    collector: "Town",
    adapter: "hikvision",
    setting: "market",
    at: "millSquare",
    looksTo: "ringSouth",
  },
  {
    id: "ring-west",
    name: "Ring West",
    area: "Town",
    collector: "Town",
    adapter: "folder",
    setting: "street",
    at: "ringWest",
    looksTo: "ringNorthWest",
  },
  {
    id: "ring-east",
    name: "Ring East",
    area: "Town",
    collector: "Bridge",
    adapter: "folder",
    setting: "street",
    at: "ringEast",
    looksTo: "ringNorthEast",
  },
  {
    id: "bridge-west",
    name: "Bridge west",
    area: "Bridge",
    collector: "Bridge",
    adapter: "hikvision",
    setting: "bridge",
    at: "bridgeWest",
    looksTo: "bridgeEast",
  },
  {
    id: "bridge-east",
    name: "Bridge east",
    area: "Bridge",
    collector: "Bridge",
    adapter: "hikvision",
    setting: "bridge",
    at: "bridgeEast",
    looksTo: "bridgeWest",
  },
  {
    id: "depot",
    name: "Depot",
    area: "Harbor",
    collector: "Town",
    adapter: "folder",
    setting: "harbor",
    at: "depot",
    looksTo: "ringEast",
  },
  {
    id: "harbor-rd",
    name: "Harbor Rd",
    area: "Harbor",
    collector: "Bridge",
    adapter: "folder",
    setting: "harbor",
    at: "harborRoad",
    looksTo: "harborExit",
  },
  {
    id: "mill-ln",
    name: "Mill Ln",
    area: "South",
    collector: "Town",
    adapter: "hikvision",
    setting: "lane",
    at: "millLane",
    looksTo: "ringSouth",
  },
  {
    id: "south-gate",
    name: "South Gate",
    area: "South",
    collector: "Town",
    adapter: "hikvision",
    setting: "gate",
    at: "southGate",
    looksTo: "ringSouth",
  },
];

export type Camera = Site & { lat: number; lon: number; /** Degrees clockwise from north. */ heading: number };

export const CAMERAS: readonly Camera[] = SITES.map((site) => ({
  ...site,
  ...positionOf(site.at),
  heading: bearing(site.at, site.looksTo),
}));

const camerasById: ReadonlyMap<string, Camera> = new Map(CAMERAS.map((camera) => [camera.id, camera]));
const camerasByPlace: ReadonlyMap<Place, Camera> = new Map(CAMERAS.map((camera) => [camera.at, camera]));

/** The camera with this id; throws for an id that no camera has. */
export const cameraById = (id: string): Camera => {
  const camera = camerasById.get(id);
  if (!camera) throw new Error(`No camera is called ${id}.`);
  return camera;
};

export const cameraAt = (place: Place): Camera | undefined => camerasByPlace.get(place);
