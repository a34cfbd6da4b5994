/**
 * How far apart two plates are to whoever reads them, and every plate that one mistake could make of another.
 * Rule: one model of confusion for server, phone and watchlists; each hit can say which character was taken for which.
 */
import { confusables, isConfusable } from "./confusion.ts";
import { type PlateDifference, foldPlate } from "./plate.ts";

const CHARACTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"];
/** What is left of them after folding. */
const FOLDED_CHARACTERS = [...new Set(CHARACTERS.map(foldPlate))];

/**
 * What a difference costs: 0.2 hardly tells two plates apart, 1 is another character. Two characters in each other's place are
 * that, and not two that were taken for each other: a little less than two confusions.
 */
const COST = { lookAlike: 0.2, confusable: 0.35, swapped: 0.65, missing: 0.9, other: 1 } as const;

const costOf = (a: string, b: string): number => {
  if (a === b) return 0;
  if (foldPlate(a) === foldPlate(b)) return COST.lookAlike;
  return isConfusable(a, b) ? COST.confusable : COST.other;
};
const CODES = 128;
/** Of every two characters of a plate by their codes, worked out once: a search compares thousands of plates. */
const substitutions: Float64Array = /* @__PURE__ */ (() => {
  const table = new Float64Array(CODES * CODES).fill(COST.other);
  for (const a of CHARACTERS) {
    for (const b of CHARACTERS) table[a.charCodeAt(0) * CODES + b.charCodeAt(0)] = costOf(a, b);
  }
  return table;
})();

/**
 * The cost of getting from each beginning of one plate to each beginning of the other (optimal string alignment): a row for
 * each character of `listed` and one before the first.
 */
const alignment = (listed: string, read: string): Float64Array => {
  const width = read.length + 1;
  const table = new Float64Array((listed.length + 1) * width);
  const at = (place: number): number => table[place] ?? Number.POSITIVE_INFINITY;
  for (let j = 1; j < width; j++) table[j] = j * COST.missing;
  for (let i = 1; i <= listed.length; i++) {
    const a = listed.charCodeAt(i - 1);
    table[i * width] = i * COST.missing;
    for (let j = 1; j < width; j++) {
      const b = read.charCodeAt(j - 1);
      const here = i * width + j;
      let best = at(here - width - 1) + (substitutions[a * CODES + b] ?? COST.other);
      best = Math.min(best, at(here - width) + COST.missing, at(here - 1) + COST.missing);
      if (isSwap(listed, i, read, j)) best = Math.min(best, at(here - 2 * width - 2) + COST.swapped);
      table[here] = best;
    }
  }
  return table;
};

/** Whether the two characters that end here and there are the same two the other way round. */
const isSwap = (listed: string, i: number, read: string, j: number): boolean =>
  i > 1 && j > 1 && listed[i - 1] !== read[j - 1] && listed[i - 1] === read[j - 2] && listed[i - 2] === read[j - 1];

/**
 * How many characters have to be put in, taken out or replaced to make the one text of the other (Levenshtein), as PostgreSQL's
 * `levenshtein_less_equal` counts it; with more than `max` of them it is `max + 1`.
 */
export const editDistance = (a: string, b: string, max: number): number => {
  if (Math.abs(a.length - b.length) > max) return max + 1;
  /** From what stands of `a` so far to each beginning of `b`. */
  let row = Array.from({ length: b.length + 1 }, (_, place) => place);
  for (let i = 1; i <= a.length; i++) {
    const before = row;
    const at = (place: number): number => before[place] ?? max + 1;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, at(j) + 1, (row[j - 1] ?? max + 1) + 1));
    }
    if (Math.min(...row) > max) return max + 1;
  }
  return Math.min(row.at(-1) ?? 0, max + 1);
};

/** Of sums such as 0.2 + 0.35, equal ones have to be equal. */
const rounded = (cost: number): number => Math.round(cost * 1000) / 1000;

/** How far a reading is from a plate as it was listed or typed, both normalised; 0 is the same. */
export const distance = (listed: string, read: string): number => rounded(alignment(listed, read).at(-1) ?? 0);

/** A plate that is seen ten times as often is meant ten times as often; worth a little more than one look-alike. */
const OFTEN = 0.1;

/**
 * Where a plate stands among the hits of a search, the lowest first: the plate itself, its look-alikes, then what is near and
 * seen often. Two plates that are as near are told apart by how often they pass a camera, as the witness saw one of them pass.
 * @param sightings 0 when that is not to be told
 */
export const rankOf = (typed: string, plate: string, sightings: number): number => {
  const cost = distance(typed, plate);
  if (cost === 0) return 0;
  if (foldPlate(typed) === foldPlate(plate)) return rounded(1 + cost);
  return rounded(10 + cost - OFTEN * Math.log(Math.max(1, sightings)));
};

/**
 * What makes a reading differ from a plate as it was listed or typed, from left to right, both normalised. `index` counts
 * characters of `read`; `listed` or `read` is empty where the other has a character more, and both have two characters where
 * these are in each other's place.
 */
export const differencesOf = (listed: string, read: string): PlateDifference[] => {
  const width = read.length + 1;
  const table = alignment(listed, read);
  const isFrom = (here: number, before: number, cost: number) =>
    Math.abs((table[here] ?? 0) - (table[before] ?? Number.POSITIVE_INFINITY) - cost) < 1e-9;
  const differences: PlateDifference[] = [];
  let [i, j] = [listed.length, read.length];
  while (i > 0 || j > 0) {
    const here = i * width + j;
    const cost = substitutions[listed.charCodeAt(i - 1) * CODES + read.charCodeAt(j - 1)] ?? COST.other;
    let [rows, columns] = [0, 1];
    if (i > 0 && j > 0 && isFrom(here, here - width - 1, cost)) [rows, columns] = [1, 1];
    else if (isSwap(listed, i, read, j) && isFrom(here, here - 2 * width - 2, COST.swapped)) [rows, columns] = [2, 2];
    else if (i > 0 && isFrom(here, here - width, COST.missing)) [rows, columns] = [1, 0];
    i -= rows;
    j -= columns;
    const difference = { index: j, listed: listed.slice(i, i + rows), read: read.slice(j, j + columns) };
    if (difference.listed !== difference.read) differences.unshift(difference);
  }
  return differences;
};

const without = (text: string, place: number): string => text.slice(0, place) + text.slice(place + 1);
const replaced = (text: string, place: number, character: string): string =>
  text.slice(0, place) + character + text.slice(place + 1);
const inserted = (text: string, place: number, character: string): string =>
  text.slice(0, place) + character + text.slice(place);

/** Every text in which one character was taken for one that resembles it. */
const confused = (folded: string): string[] =>
  [...folded].flatMap((character, place) =>
    [...(confusables.get(character) ?? "")].map((other) => replaced(folded, place, other)),
  );

const shortened = (folded: string): string[] => [...folded].map((_, place) => without(folded, place));

/** Every text with one character more. */
const lengthened = (folded: string): string[] =>
  Array.from({ length: folded.length + 1 }, (_, place) => place).flatMap((place) =>
    FOLDED_CHARACTERS.map((character) => inserted(folded, place, character)),
  );

/**
 * Every folded plate that one mistake makes of this one: another character, one more, one less, two in each other's place.
 * With any number of look-alikes, which folding has merged.
 */
export const oneMistake = (folded: string): Set<string> =>
  new Set([
    folded,
    ...[...folded].flatMap((_, place) => FOLDED_CHARACTERS.map((other) => replaced(folded, place, other))),
    ...shortened(folded),
    ...lengthened(folded),
    ...Array.from(
      { length: Math.max(0, folded.length - 1) },
      (_, place) => folded.slice(0, place) + folded.charAt(place + 1) + folded.charAt(place) + folded.slice(place + 2),
    ),
  ]);

/** Whether one mistake makes the one folded plate of the other; the same as `oneMistake(a).has(b)`, without the list. */
export const isOneMistake = (a: string, b: string): boolean => {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  let place = 0;
  while (place < short.length && short[place] === long[place]) place++;
  if (short.length < long.length) return short.slice(place) === long.slice(place + 1);
  const rest = (text: string, from: number) => text.slice(place + from);
  if (rest(short, 1) === rest(long, 1)) return true;
  return short[place] === long[place + 1] && short[place + 1] === long[place] && rest(short, 2) === rest(long, 2);
};

/** The texts that any two plates within one mistake have in common: the plate, and each with one character less. */
export const meetingPoints = (folded: string): Set<string> => new Set([folded, ...shortened(folded)]);

/**
 * Every folded plate to look up for a search that forgives: one mistake of any kind, or two of the usual ones
 * (two characters that are easily confused, or one such and one more or less).
 */
export const usualMistakes = (folded: string): Set<string> => {
  const found = oneMistake(folded);
  for (const once of confused(folded)) {
    for (const twice of confused(once)) found.add(twice);
    for (const shorter of shortened(once)) found.add(shorter);
    for (const longer of lengthened(once)) found.add(longer);
  }
  return found;
};
