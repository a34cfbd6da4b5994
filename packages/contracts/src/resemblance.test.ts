/** Laws of resemblance over any two plates, and the examples that people argue about. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { kindOfDifference } from "./confusion.ts";
import { foldPlate } from "./plate.ts";
import {
  differencesOf,
  distance,
  editDistance,
  isOneMistake,
  meetingPoints,
  rankOf,
  oneMistake,
  usualMistakes,
} from "./resemblance.ts";

const character = fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
const plate = fc.string({ unit: character, minLength: 1, maxLength: 10 });

/** A plate and what one mistake of any kind makes of it. */
const mistaken = plate.chain((listed) =>
  fc
    .record({
      place: fc.nat({ max: listed.length - 1 }),
      kind: fc.constantFrom("other", "more", "less", "swap"),
      character,
    })
    .map(({ place, kind, character: other }) => {
      const read = {
        other: listed.slice(0, place) + other + listed.slice(place + 1),
        more: listed.slice(0, place) + other + listed.slice(place),
        less: listed.slice(0, place) + listed.slice(place + 1),
        swap: listed.slice(0, place) + (listed[place + 1] ?? "") + (listed[place] ?? "") + listed.slice(place + 2),
      }[kind];
      return { listed, read };
    }),
);

test("A plate is at no distance from itself alone, and as far from another as the other from it", () => {
  fc.assert(
    fc.property(plate, plate, (a, b) => {
      expect(distance(a, a)).toBe(0);
      expect(distance(a, b) === 0).toBe(a === b);
      expect(distance(a, b)).toBe(distance(b, a));
    }),
  );
});

test("The differences, put in, make the reading out of the plate", () => {
  fc.assert(
    fc.property(plate, plate, (listed, read) => {
      const differences = differencesOf(listed, read);
      let made = "";
      let at = 0;
      for (const { index, listed: was, read: is } of differences) {
        const same = index - made.length;
        expect(listed.slice(at, at + same)).toBe(read.slice(made.length, index));
        made += listed.slice(at, at + same);
        at += same;
        expect(listed.slice(at, at + was.length)).toBe(was);
        made += is;
        at += was.length;
      }
      expect(made + listed.slice(at)).toBe(read);
    }),
  );
});

test("The costs of the differences are the distance", () => {
  const cost = { "look-alike": 0.2, confusable: 0.35, missing: 0.9, extra: 0.9, swapped: 0.65, other: 1 };
  fc.assert(
    fc.property(plate, plate, (listed, read) => {
      const sum = differencesOf(listed, read).reduce((total, one) => total + cost[kindOfDifference(one)], 0);
      expect(sum).toBeCloseTo(distance(listed, read), 6);
    }),
  );
});

/** By its definition, without a table. */
const editsBetween = (a: string, b: string): number => {
  if (a === "" || b === "") return a.length + b.length;
  const [restA, restB] = [a.slice(1), b.slice(1)];
  if (a[0] === b[0]) return editsBetween(restA, restB);
  return 1 + Math.min(editsBetween(restA, restB), editsBetween(restA, b), editsBetween(a, restB));
};

test("The edits between two texts are the fewest that there are, and one more than the most that is asked for beyond it", () => {
  const text = fc.string({ unit: fc.constantFrom(..."AB1"), maxLength: 6 });
  fc.assert(
    fc.property(text, text, fc.nat({ max: 3 }), (a, b, max) => {
      expect(editDistance(a, b, max)).toBe(Math.min(editsBetween(a, b), max + 1));
    }),
    { numRuns: 1000 },
  );
  expect(editDistance("1285671", "1286571", 2)).toBe(2);
});

test("Whatever one mistake makes of a plate is among the texts that are looked up, with any look-alikes", () => {
  fc.assert(
    fc.property(mistaken, ({ listed, read }) => {
      expect(oneMistake(foldPlate(listed)).has(foldPlate(read))).toBe(true);
      expect(usualMistakes(foldPlate(listed)).has(foldPlate(read))).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test("Whether one mistake lies between two plates is told alike with and without the list, and such two plates meet", () => {
  fc.assert(
    fc.property(fc.oneof(mistaken, fc.record({ listed: plate, read: plate })), ({ listed, read }) => {
      const [a, b] = [foldPlate(listed), foldPlate(read)];
      expect(isOneMistake(a, b)).toBe(oneMistake(a).has(b));
      expect(isOneMistake(a, b) && meetingPoints(a).isDisjointFrom(meetingPoints(b))).toBe(false);
    }),
    { numRuns: 1000 },
  );
});

test("Two usual mistakes are among them as well", () => {
  const texts = usualMistakes(foldPlate("3C5M841"));
  // 3 as 5 and M as N; 3 as 8 and one character less; A for 4 and one more.
  for (const read of ["5C5N841", "8C5M84", "3C5M8A19"]) expect(texts.has(foldPlate(read)), read).toBe(true);
  expect(texts.has(foldPlate("3C9M8X1"))).toBe(false);
});

test("Every text that is looked up is folded, and a plate of ten characters makes fewer than 20,000", () => {
  fc.assert(
    fc.property(plate, (listed) => {
      const texts = usualMistakes(foldPlate(listed));
      expect(texts.size).toBeLessThan(20_000);
      for (const text of texts) if (foldPlate(text) !== text) throw new Error(`${text} is not folded`);
    }),
    { numRuns: 20 },
  );
});

test.for([
  ["ABC123", "A8C123", "look-alike", 0.2],
  ["3BC123", "5BC123", "confusable", 0.35],
  ["ABC123", "ABC13", "missing", 0.9],
  ["ABC123", "ABC1X23", "extra", 0.9],
  ["ABC123", "ACB123", "swapped", 0.65],
  ["1285671", "1286571", "swapped", 0.65],
  ["ABC123", "AWC123", "other", 1],
] as const)("%s read as %s is %s", ([listed, read, kind, cost]) => {
  expect(differencesOf(listed, read).map(kindOfDifference)).toEqual([kind]);
  expect(distance(listed, read)).toBe(cost);
});

test("hits are the plate itself, then its look-alikes, then what is near and passes often", () => {
  const typed = "1285671";
  const ranked = [
    ["1285671", 1],
    ["I285G7I", 1],
    ["1235671", 1],
    ["1295671", 500],
    ["1295672", 500],
    ["1295671", 1],
  ] as const;
  const ranks = ranked.map(([plate, sightings]) => rankOf(typed, plate, sightings));
  expect(ranks.slice(0, 2)).toEqual(ranks.slice(0, 2).toSorted((a, b) => a - b));
  expect(Math.max(...ranks.slice(0, 2))).toBeLessThan(Math.min(...ranks.slice(2)));
  expect(rankOf(typed, "1295671", 500)).toBeLessThan(rankOf(typed, "1295671", 1));
  // However often it passes, what was typed comes first.
  expect(rankOf(typed, "1295671", 1e9)).toBeGreaterThan(rankOf(typed, typed, 1));
});
