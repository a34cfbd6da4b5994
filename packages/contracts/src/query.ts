/**
 * What somebody means who types a plate, or what is left of it: a plate, or a pattern with `?` and `*`.
 * Rule: understood here for server and screens alike; what cannot be looked up quickly is answered with the reason.
 */
import * as z from "zod/mini";
import { foldPlate, normalizePlate } from "./plate.ts";

/**
 * How a plate without wildcards is looked up: that plate alone; look-alikes too; usual mistakes too; any two mistakes (slow);
 * or anywhere inside a plate.
 */
export const SEARCH_WAYS = ["similar", "exact", "look-alike", "harder", "contains"] as const;
export type SearchWay = (typeof SEARCH_WAYS)[number];

/** Text of any length is answered with a sentence, up to here. */
export const QUERY_TEXT_MAX = 500;
/** Letters and digits of a plate that somebody types: fewer fit half the dictionary. */
export const PLATE_SHORTEST = 2;
/** No real plate is longer; a longer text is a paste of something else. */
export const PLATE_LONGEST = 16;
/** An index of trigrams finds a run of three; the beginning or the end of a plate takes two. */
const RUN = 3;
const EDGE = 2;

export type Understood =
  | { kind: "plate"; plate: string; folded: string; way: Exclude<SearchWay, "contains"> }
  /** `pattern` is as people read it, in A-Z, 0-9, `?` and `*`. */
  | { kind: "pattern"; pattern: string }
  /** `foreign`: none of it is a letter A-Z or a digit. `vague`: a pattern that fits too many plates. */
  | { kind: "refused"; why: "empty" | "foreign" | "short" | "long" | "only_wildcards" | "vague" };

const refused = (why: Extract<Understood, { kind: "refused" }>["why"]): Understood => ({ kind: "refused", why });

/** Each character for itself, so that the wildcards stay where they are; full-width ones are meant as they look. */
const toPattern = (text: string): string =>
  [...text.normalize("NFKC")]
    .map((character) => (character === "?" || character === "*" ? character : normalizePlate(character)))
    .join("")
    .replaceAll(/\*+/g, "*");

const isSearchable = (pattern: string): boolean => {
  const runs = pattern.split(/[?*]+/);
  const beginning = /^[^?*]*/.exec(pattern)?.[0] ?? "";
  const end = /[^?*]*$/.exec(pattern)?.[0] ?? "";
  return runs.some((run) => run.length >= RUN) || beginning.length >= EDGE || end.length >= EDGE;
};

const understandPattern = (text: string): Understood => {
  const pattern = toPattern(text);
  const known = pattern.replaceAll(/[?*]/g, "");
  if (known === "") return refused("only_wildcards");
  if (pattern.replaceAll("*", "").length > PLATE_LONGEST) return refused("long");
  return isSearchable(pattern) ? { kind: "pattern", pattern } : refused("vague");
};

/** Says whether a text holds `?` or `*`, full-width ones included: then it is a pattern and names no plate. */
export const hasWildcards = (text: string): boolean => /[?*？＊]/.test(text);

/** Understands what was typed; `way` counts for a text without wildcards. */
export const understand = (text: string, way: SearchWay): Understood => {
  if (text.trim() === "") return refused("empty");
  if (hasWildcards(text)) return understandPattern(text);
  const plate = normalizePlate(text);
  if (plate === "") return refused("foreign");
  if (plate.length > PLATE_LONGEST) return refused("long");
  if (way === "contains") return plate.length < RUN ? refused("vague") : { kind: "pattern", pattern: `*${plate}*` };
  return plate.length < PLATE_SHORTEST ? refused("short") : { kind: "plate", plate, folded: foldPlate(plate), way };
};

/** Whether a normalised plate fits a pattern as `understand` gives it; by hand, because a regular expression would go back for ever. */
export const fitsPattern = (pattern: string, plate: string): boolean => {
  let [place, at] = [0, 0];
  /** The last `*`, and where it was tried to end. */
  let [star, starEnd] = [-1, 0];
  while (at < plate.length) {
    if (pattern[place] === "*") {
      star = place++;
      starEnd = at;
    } else if (pattern[place] === "?" || pattern[place] === plate[at]) {
      place++;
      at++;
    } else if (star >= 0) {
      place = star + 1;
      at = ++starEnd;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(place));
};

/** A moment; nobody looks for one before computers, and PostgreSQL has no year 0. */
export const timeSchema = z.iso
  .datetime({ offset: true })
  .check(z.refine((time) => Date.parse(time) >= 0, "is before 1970"));
/** Words of a filter. */
const words = (max: number) =>
  z
    .string()
    .check(
      z.trim(),
      z.minLength(1),
      z.maxLength(max),
      z.regex(/^[^\u0000-\u001f\u007f\ud800-\udfff]*$/u, "contains a control character"),
    );

/** Of a list of detections or of a search: all of them have to hold. */
export const searchFiltersSchema = z.object({
  cameraIds: z.optional(z.array(z.uuid()).check(z.minLength(1), z.maxLength(100))),
  area: z.optional(words(100)),
  from: z.optional(timeSchema),
  to: z.optional(timeSchema),
  /** Watched now. */
  listed: z.optional(z.boolean()),
  minConfidence: z.optional(z.number().check(z.gte(0), z.lte(1))),
  direction: z.optional(words(40)),
  /** A word of make, model, colour or type, e.g. `white van`: every word has to be there. */
  vehicle: z.optional(words(80)),
});
export type SearchFilters = z.infer<typeof searchFiltersSchema>;
