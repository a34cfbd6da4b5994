/**
 * Two plates above each other: which character of a reading stands under which of the plate that was listed or typed.
 * Rule: every character of both has one place, in order; a place where one of them has none is empty there.
 */
import { type PlateDifference, type PlateMatch, fitsPattern } from "@chaverim/contracts";

/** One place; `listed` or `read` is empty where that plate has no character. */
export type Pair = { listed: string; read: string; differs: boolean };

/** The pairs of a pattern: a wildcard stands over what it stands for. */
const alignPattern = (pattern: string, read: string): Pair[] => {
  const pairs: Pair[] = [];
  let rest = read;
  for (let place = 0; place < pattern.length; place++) {
    const listed = pattern.charAt(place);
    if (listed !== "*") {
      pairs.push({ listed, read: rest.charAt(0), differs: listed === "?" });
      rest = rest.slice(1);
      continue;
    }
    // The shortest run after which the rest of the pattern fits the rest of the plate.
    const after = pattern.slice(place + 1);
    let run = 0;
    while (run < rest.length && !fitsPattern(after, rest.slice(run))) run++;
    pairs.push({ listed, read: rest.charAt(0).slice(0, run), differs: true });
    for (let step = 1; step < run; step++) pairs.push({ listed: "", read: rest.charAt(step), differs: true });
    rest = rest.slice(run);
  }
  return pairs;
};

/**
 * @param listed normalised, or the pattern
 * @param read normalised
 */
export const alignPlates = (listed: string, read: string, match: PlateMatch): Pair[] => {
  if (match.kind === "pattern") return alignPattern(listed, read);
  const pairs: Pair[] = [];
  let [i, j] = [0, 0];
  const same = (count: number) => {
    for (let step = 0; step < count; step++)
      pairs.push({ listed: listed.charAt(i++), read: read.charAt(j++), differs: false });
  };
  for (const difference of match.differences) {
    same(difference.index - j);
    const places = Math.max(difference.listed.length, difference.read.length);
    for (let place = 0; place < places; place++)
      pairs.push({ listed: difference.listed.charAt(place), read: difference.read.charAt(place), differs: true });
    i += difference.listed.length;
    j += difference.read.length;
  }
  same(Math.max(listed.length - i, read.length - j));
  return pairs;
};

/**
 * Where a plate is marked: the places of its characters that differ, and the places before which it lacks one.
 * @param side which of the two plates it is
 */
export const marksOf = (
  differences: readonly PlateDifference[],
  side: "listed" | "read",
): { places: number[]; gaps: number[] } => {
  const marks: { places: number[]; gaps: number[] } = { places: [], gaps: [] };
  // `index` counts characters of the reading; so many more or fewer has the listed plate until there.
  let shift = 0;
  for (const { index, listed, read } of differences) {
    const start = side === "read" ? index : index + shift;
    const own = side === "read" ? read : listed;
    if (own === "") marks.gaps.push(start);
    for (let place = 0; place < own.length; place++) marks.places.push(start + place);
    shift += listed.length - read.length;
  }
  return marks;
};

/** The places of a plate that stand for the wildcards of a pattern. */
export const unknownPlaces = (pattern: string, plate: string): number[] => {
  let place = 0;
  return alignPattern(pattern, plate).flatMap((pair) => {
    const here = place;
    place += pair.read.length;
    return pair.differs && pair.read !== "" ? [here] : [];
  });
};
