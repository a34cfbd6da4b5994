/**
 * Plates as text: normalising, folding look-alikes and explaining how two readings differ.
 * Rule: a plate is always a string; the reading as the camera gave it is kept beside whatever is derived here.
 */

/** Characters that optical readers confuse, by the character each group is folded to. */
const LOOK_ALIKES: Readonly<Record<string, string>> = {
  "0": "OQD",
  "1": "IL7",
  "5": "S",
  "8": "B",
  "2": "Z",
  "6": "G",
};

const foldedByCharacter: ReadonlyMap<string, string> = new Map(
  Object.entries(LOOK_ALIKES).flatMap(([folded, others]) => [...others].map((other) => [other, folded] as const)),
);

/** Words that cameras send in place of a reading; compared after upper-casing and trimming. */
const NOT_A_READING: ReadonlySet<string> = new Set([
  "",
  "-",
  "--",
  "UNKNOWN",
  "UNLICENSED",
  "NOPLATE",
  "NONE",
  "NULL",
  "N/A",
]);

/** The longest reading that is stored as a plate; the longest real plates (with a prefix) are under 16. */
export const PLATE_TEXT_MAX = 64;

/**
 * Reduces a reading to the natural key of a plate: A-Z and 0-9, upper case, nothing else.
 * Full-width and accented forms are taken apart first (NFKD): `１２３` is `123`, and `Ö` is `O` whether the camera sends
 * it as one character or as two. So each character counts for itself, which `markPlate` builds on.
 */
export const normalizePlate = (text: string): string =>
  text
    .normalize("NFKD")
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, "");

/** The normalised plate of a reading, or null when the camera says that it could not read one. */
export const readPlate = (text: string | null): string | null => {
  if (text === null || NOT_A_READING.has(text.trim().toUpperCase())) return null;
  const normalized = normalizePlate(text);
  return normalized === "" ? null : normalized;
};

/** Merges look-alikes (0 O Q D · 1 I L 7 · 5 S · 8 B · 2 Z · 6 G) of a normalised plate: equal folds may be one plate. */
export const foldPlate = (normalized: string): string => {
  let folded = "";
  for (const character of normalized) folded += foldedByCharacter.get(character) ?? character;
  return folded;
};

/**
 * One place in which a reading differs from the listed plate; `index` counts characters of the normalised reading. One of the two
 * texts is empty where the other has a character more; two characters in each are in each other's place.
 */
export type PlateDifference = { index: number; listed: string; read: string };

/**
 * Why a reading is there. `near`: one mistake or two, each of which is told; `pattern`: it fits what was asked for with `?` or `*`.
 */
export const MATCH_KINDS = ["exact", "look-alike", "near", "pattern"] as const;
export type PlateMatch = { kind: (typeof MATCH_KINDS)[number]; differences: PlateDifference[] };

/**
 * Explains how a normalised reading fits a normalised listed plate.
 * @returns exact (no differences), look-alike (each difference is within one look-alike group), or null for no fit.
 */
export const explainMatch = (listed: string, read: string): PlateMatch | null => {
  if (listed === read) return { kind: "exact", differences: [] };
  if (listed.length !== read.length || foldPlate(listed) !== foldPlate(read)) return null;
  const differences: PlateDifference[] = [];
  for (let index = 0; index < listed.length; index++) {
    const expected = listed.charAt(index);
    const actual = read.charAt(index);
    if (expected !== actual) differences.push({ index, listed: expected, read: actual });
  }
  return { kind: "look-alike", differences };
};

/**
 * Splits a plate as displayed (`12-85-67`) into characters, each marked when its place in the normalised plate is
 * among `indices`. Separators are never marked.
 */
export const markPlate = (text: string, indices: Iterable<number>): { character: string; marked: boolean }[] => {
  const wanted = new Set(indices);
  let place = 0;
  return [...text].map((character) => {
    const counted = normalizePlate(character).length;
    let marked = false;
    for (let step = 0; step < counted; step++) marked = wanted.has(place + step) || marked;
    place += counted;
    return { character, marked };
  });
};
