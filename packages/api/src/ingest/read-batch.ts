/**
 * Reads the `detections` text of a batch into elements, each judged for itself.
 * Rule: one bad element never takes the others with it, and its exact text is kept.
 */
import { BATCH_ITEMS_MAX, type Detection, type QuarantineReason, detectionSchema } from "@chaverim/contracts";
import { prettifyError } from "zod";
import { sha256 } from "../keys.ts";
import { isStorable } from "../storable.ts";

export type GoodElement = {
  index: number;
  detection: Detection;
  /** The exact text that the collector signed, or the element as it stood in the body when it was sent plain. */
  payload: string;
  payloadSha256: Buffer;
  signature: string | null;
  /** The element as it stood in the body, signature included: what quarantine keeps. */
  text: string;
};

export type BadElement = {
  index: number;
  /** What it says of its place in the collector's sequence: its receipt names it, so that the collector can prune it. */
  place: { epoch: number; seq: number | null };
  /** The element's own id when it can be read. */
  id: string | null;
  raw: Buffer;
  /** Of the payload alone: what the collector knows it by, and what the receipt is over. */
  payloadSha256: Buffer;
  reason: QuarantineReason;
  detail: string;
  /** The images that it may still bring: of a detection that can be read, and whose pictures are not what is wrong. */
  declared: Detection["images"];
};

export type ReadBatch = { malformed: string } | { tooMany: number } | { elements: (GoodElement | BadElement)[] };

export const isGood = <Good extends GoodElement>(element: Good | BadElement): element is Good => "detection" in element;

/** What speaks against the text alone: released, the detection wants its pictures. */
const WANTS_IMAGES: ReadonlySet<QuarantineReason> = new Set(["bad_signature", "unsigned", "fork"]);

/** A detection that cannot be taken as a fact, though it can be read. */
export const toBad = (element: GoodElement, reason: QuarantineReason, detail: string): BadElement => ({
  index: element.index,
  id: element.detection.id,
  place: placeOf(element.detection),
  raw: Buffer.from(element.text),
  payloadSha256: element.payloadSha256,
  reason,
  detail,
  declared: WANTS_IMAGES.has(reason) ? element.detection.images : [],
});

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DETAIL_MAX = 1000;

type Wrapped = { payload: string; signature: string };
const isWrapped = (value: unknown): value is Wrapped =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as Wrapped).payload === "string" &&
  typeof (value as Wrapped).signature === "string";

const parse = (text: string): { value: unknown } | null => {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
};

const idOf = (value: unknown): string | null => {
  const id = typeof value === "object" && value !== null ? (value as { id?: unknown }).id : null;
  return typeof id === "string" && UUID.test(id) ? id.toLowerCase() : null;
};

/** PostgreSQL knows no year 0 and JSON's dates no year 10000, which an offset can still lead to. */
const isWithinCalendar = (capturedAt: string): boolean => {
  const year = new Date(capturedAt).getUTCFullYear();
  return year >= 1 && year <= 9999;
};

/** Cuts a JSON array, known to be valid, into the exact texts of its elements: what is hashed is what was sent. */
const splitArray = (text: string): string[] => {
  const texts: string[] = [];
  let depth = 0;
  let inString = false;
  let start = text.indexOf("[") + 1;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === "\\") at++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "[" || character === "{") depth++;
    else if (depth > 0 && (character === "]" || character === "}")) depth--;
    else if (depth === 0 && (character === "," || character === "]")) {
      texts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  return texts;
};

/** A detection is 1 to 2 KB; more text than this is an attack on the reader. */
const ELEMENT_MAX = 64 * 1024;
/** Schemas look at each item before they count them; nobody declares more images or candidates than this. */
const ITEMS_MAX = 64;

const isLong = (value: unknown): boolean => Array.isArray(value) && value.length > ITEMS_MAX;

/** Says whether a schema would spend its time on a list that no detection has. */
const isBloated = (value: unknown, text: string): boolean => {
  const { images, box, plate } = (value ?? {}) as {
    images?: unknown;
    box?: unknown;
    plate?: { candidates?: unknown } | null;
  };
  return text.length > ELEMENT_MAX || isLong(images) || isLong(box) || isLong(plate?.candidates);
};

/** Where in its collector's sequence a text claims to stand, if it says so in the form that a receipt takes. */
export const placeOf = (value: unknown): { epoch: number; seq: number | null } => {
  const { epoch, seq } = (value ?? {}) as { epoch?: unknown; seq?: unknown };
  const count = (number: unknown): number | null =>
    Number.isSafeInteger(number) && Number(number) >= 0 ? Number(number) : null;
  return { epoch: count(epoch) ?? 0, seq: count(seq) };
};

/** Judges one element by itself. @param text the element as it stands in the body */
export const readElement = (element: unknown, text: string, index: number): GoodElement | BadElement => {
  const wrapped = isWrapped(element) ? element : null;
  const payload = wrapped?.payload ?? text;
  const value = wrapped ? parse(wrapped.payload)?.value : element;
  const bad = (detail: string): BadElement => ({
    index,
    id: idOf(value),
    place: placeOf(value),
    raw: Buffer.from(text),
    payloadSha256: sha256(payload),
    reason: "schema",
    detail: detail.slice(0, DETAIL_MAX),
    declared: [],
  });
  if (value === undefined) return bad("payload is not JSON");
  if (isBloated(value, text))
    return bad(`is larger than ${ELEMENT_MAX} characters, or has a list of more than ${ITEMS_MAX} items`);
  const parsed = detectionSchema.safeParse(value);
  if (!parsed.success) return bad(prettifyError(parsed.error).replaceAll(/^✖ /gm, ""));
  if (!isWithinCalendar(parsed.data.capturedAt)) return bad("capturedAt lies outside the years 1 to 9999");
  if (!isStorable(value) || !isStorable(payload) || !isStorable(wrapped?.signature))
    return bad("holds text that is not valid Unicode, or is nested too deeply");
  // The id compares as text at the collector and as a UUID here: one spelling.
  const detection = { ...parsed.data, id: parsed.data.id.toLowerCase() };
  return { index, detection, payload, payloadSha256: sha256(payload), signature: wrapped?.signature ?? null, text };
};

/** @param body the bytes of the `detections` part */
export const readBatch = (body: Buffer): ReadBatch => {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    return { malformed: "detections is not UTF-8" };
  }
  const parsed = parse(text);
  if (!parsed) return { malformed: "detections is not JSON" };
  if (!Array.isArray(parsed.value)) return { malformed: "detections is not a JSON array" };
  if (parsed.value.length > BATCH_ITEMS_MAX) return { tooMany: parsed.value.length };
  const texts = splitArray(text);
  return { elements: parsed.value.map((element, index) => readElement(element, texts[index] ?? "", index)) };
};
