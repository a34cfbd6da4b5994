/**
 * Reads what a Hikvision camera says (ISAPI EventNotificationAlert, or a Plates list) into plain facts; pure, no I/O.
 * Rule: vendor spellings are part of the format, strings stay strings, and what is not a plate event is named and ignored.
 */
import { PLATE_TEXT_MAX, type Vehicle } from "@chaverim/contracts";
import { UnreadableError } from "../../failure.ts";
import { childOf, findNode, readTree, type Node } from "./tree.ts";

/** A picture as the event announces it. */
export type ListedPicture = { fileName: string | null; type: string | null; pictureId: string | null };

export type AnprEvent = {
  /** The camera's UUID of the alarm. */
  eventId: string | null;
  channel: string | null;
  /** As read; null when the camera says that it could not read one. */
  plate: string | null;
  /** 0..1 */
  confidence: number | null;
  /** Letters of the country, e.g. `GBR`; null when the camera sends a number of its own list. */
  region: string | null;
  vehicle: Vehicle;
  /** The camera's time, verbatim. */
  cameraTime: string | null;
  retransmitted: boolean;
  pictures: ListedPicture[];
  /** What has no place of its own in a detection, verbatim. */
  details: Record<string, string>;
};

export type PolledPlate = {
  captureTime: string | null;
  plate: string | null;
  pictureName: string | null;
  direction: string | null;
  lane: string | null;
};

export type HikvisionMessage =
  | { kind: "anpr"; event: AnprEvent }
  | { kind: "plates"; plates: PolledPlate[] }
  | { kind: "ignored"; what: string };

/** What cameras send in place of a plate, in capitals. */
const NO_PLATE: ReadonlySet<string> = new Set([
  "",
  "-",
  "--",
  "UNKNOWN",
  "UNLICENSED",
  "NOPLATE",
  "NO PLATE",
  "NONE",
  "NULL",
  "N/A",
  "无车牌",
  "未识别",
]);

/** A short text of one element: no control characters; null when absent, empty, `unknown`, or longer than its place. */
const labelOf = (node: Node | null, max: number): string | null => {
  const text = (node?.text ?? "").replaceAll(/[\u0000-\u001f\u007f]+/g, " ").trim();
  return text === "" || text.length > max || /^(unknown|unknow|non|none|null)$/i.test(text) ? null : text;
};

const plateOf = (node: Node | null): string | null => {
  const text = (node?.text ?? "").replaceAll(/[\u0000-\u001f\u007f]+/g, " ").trim();
  if (text.length > PLATE_TEXT_MAX) throw new UnreadableError("The plate has more than 64 characters.");
  return NO_PLATE.has(text.toUpperCase()) ? null : text;
};

/**
 * Reads a confidence: 0-100 whole or with a fraction, or 0..1 when written with a point.
 * @returns 0..1, or null for anything else
 */
export const readConfidence = (text: string): number | null => {
  if (!/^\d{1,3}(\.\d+)?$/.test(text)) return null;
  const value = Number(text);
  if (text.includes(".") && value <= 1) return value;
  return value <= 100 ? value / 100 : null;
};

/** Kilometres an hour; cameras without a radar send 0. */
const speedOf = (node: Node | null): number | null => {
  const speed = Number(node?.text.match(/^\d{1,3}(\.\d+)?$/)?.[0] ?? 0);
  return speed > 0 && speed <= 500 ? speed : null;
};

/**
 * The plate's place in the picture, verbatim. It is not a detection's `box`: some firmware counts pixels and some
 * thousandths of the picture, and nothing in the event says which.
 */
const rectangleOf = (node: Node | null): string | null => {
  const sides = [["X", "x"], ["Y", "y"], ["width"], ["height"]].map((names) => childOf(node, ...names)?.text);
  return sides.every((side) => side !== undefined && /^\d{1,6}(\.\d{1,9})?$/.test(side)) ? sides.join(",") : null;
};

/** Elements that are kept verbatim under `details`, by the name they get there. */
const DETAILS: Readonly<Record<string, string[]>> = {
  country: ["country"],
  plateType: ["plateType"],
  plateColor: ["plateColor"],
  originalPlate: ["originalLicensePlate"],
  stateId: ["tailandStateID", "thailandStateID"],
  characterConfidences: ["plateCharBelieve"],
  makeCode: ["vehicleLogoRecog"],
  modelCode: ["vehicleModel", "vehileModel"],
  listName: ["vehicleListName", "listType"],
  postCount: ["activePostCount"],
};

const detailsOf = (root: Node, anpr: Node): Record<string, string> => {
  const details: Record<string, string> = {};
  for (const [key, names] of Object.entries(DETAILS)) {
    const text = labelOf(findNode(anpr, ...names) ?? childOf(root, ...names), 128);
    if (text !== null) details[key] = text;
  }
  const plateRect = rectangleOf(findNode(anpr, "plateRect"));
  if (plateRect !== null) details["plateRect"] = plateRect;
  return details;
};

const decodeAnpr = (root: Node, anpr: Node): AnprEvent => {
  const vehicleInfo = childOf(anpr, "vehicleInfo");
  const region = labelOf(childOf(root, "countryAbbreviation") ?? childOf(anpr, "countryAbbreviation", "country"), 32);
  // XML wraps each entry of the list in a pictureInfo; the JSON variant may repeat the list itself instead.
  const lists = anpr.children.filter(({ name }) => name === "pictureInfoList");
  const entries = lists.flatMap((list) => {
    const wrapped = list.children.filter(({ name }) => name === "pictureInfo");
    return wrapped.length > 0 || list.children.length === 0 ? wrapped : [list];
  });
  const pictures = entries.map((picture) => ({
    fileName: labelOf(childOf(picture, "fileName", "picName"), 128),
    type: labelOf(childOf(picture, "type"), 64),
    pictureId: labelOf(childOf(picture, "pId", "pid"), 128),
  }));
  return {
    eventId: labelOf(childOf(root, "UUID", "uuid"), 128),
    channel: labelOf(childOf(root, "channelID", "dynChannelID"), 32),
    plate: plateOf(childOf(anpr, "licensePlate")),
    confidence: readConfidence(childOf(anpr, "confidenceLevel", "confidence")?.text ?? ""),
    region: region !== null && /^\p{L}/u.test(region) ? region : null,
    vehicle: {
      type: labelOf(childOf(anpr, "vehicleType"), 32),
      color: labelOf(childOf(vehicleInfo, "color"), 32),
      direction: labelOf(childOf(anpr, "direction"), 32),
      lane: labelOf(childOf(anpr, "line", "laneNo"), 16),
      speedKph: speedOf(childOf(vehicleInfo, "speed")),
    },
    cameraTime: labelOf(childOf(root, "dateTime"), 64),
    retransmitted: childOf(root, "isDataRetransmission")?.text.toLowerCase() === "true",
    pictures,
    details: detailsOf(root, anpr),
  };
};

const decodePlates = (root: Node): PolledPlate[] =>
  root.children
    .filter((child) => child.name === "Plate")
    .map((plate) => ({
      captureTime: labelOf(childOf(plate, "captureTime"), 64),
      plate: plateOf(childOf(plate, "plateNumber")),
      pictureName: labelOf(childOf(plate, "picName"), 128),
      direction: labelOf(childOf(plate, "direction"), 32),
      lane: labelOf(childOf(plate, "laneNo"), 16),
    }));

/**
 * Decodes one document of the camera.
 * @throws UnreadableError when it is not well-formed, too large, or an ANPR event without its ANPR element
 */
export const decodeHikvision = (bytes: Buffer): HikvisionMessage => {
  const tree = readTree(bytes);
  // The JSON variant wraps the event in an object of one key, or does not wrap it at all.
  const root = tree.name === "" ? (childOf(tree, "EventNotificationAlert") ?? tree) : tree;
  if (root.name === "Plates") return { kind: "plates", plates: decodePlates(root) };
  const eventType = labelOf(childOf(root, "eventType"), 64);
  const anpr = childOf(root, "ANPR");
  if (anpr && childOf(anpr, "licensePlate")) return { kind: "anpr", event: decodeAnpr(root, anpr) };
  if (eventType?.toUpperCase() === "ANPR") throw new UnreadableError("The ANPR event has no licence plate element.");
  // Everything else is no business of ours: motion, line crossing, and `videoloss inactive`, which is the heartbeat.
  return { kind: "ignored", what: eventType ?? (root.name === "" ? "a document without an event type" : root.name) };
};
