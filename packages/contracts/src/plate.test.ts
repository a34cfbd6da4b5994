/** Laws of plates as text, over any string a camera may send, and the examples that people argue about. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { explainMatch, foldPlate, markPlate, normalizePlate, readPlate } from "./plate.ts";

/** Any text: whole Unicode, control characters and lone accents included. */
const anyText = fc.string({ unit: "binary", maxLength: 24 });
const plate = fc.string({
  unit: fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
  minLength: 1,
  maxLength: 10,
});

const GROUPS = ["0OQD", "1IL7", "5S", "8B", "2Z", "6G"];
const lookAlikesOf = (character: string) => GROUPS.find((group) => group.includes(character)) ?? character;

/** A plate with one reading of it, in which each character may be any of its look-alikes. */
const misread = plate.chain((listed) =>
  fc.record({
    listed: fc.constant(listed),
    read: fc
      .tuple(...[...listed].map((character) => fc.constantFrom(...lookAlikesOf(character))))
      .map((all) => all.join("")),
  }),
);

test.for([
  ["12-345-67", "1234567"],
  [" abc 123 ", "ABC123"],
  ["１２３ＡＢ", "123AB"],
  ["KÖ-AB 12", "KOAB12"],
  ["0123456", "0123456"],
  ["007", "007"],
  ["0x1A", "0X1A"],
  ["שלום", ""],
])("%s is the plate %s", ([text, normalized]) => {
  expect(normalizePlate(text as string)).toBe(normalized);
});

test("an accent counts for nothing, however it is encoded", () => {
  expect(normalizePlate("\u00d6")).toBe("O");
  expect(normalizePlate("O\u0308")).toBe("O");
});

test("normalising twice changes nothing, and leaves A-Z and 0-9 alone", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const once = normalizePlate(text);
      expect(once).toMatch(/^[A-Z0-9]*$/);
      expect(normalizePlate(once)).toBe(once);
    }),
  );
});

test("a plate that is already normal stays as it is", () => {
  fc.assert(
    fc.property(plate, (normal) => {
      expect(normalizePlate(normal)).toBe(normal);
    }),
  );
});

test("case and separators do not matter", () => {
  fc.assert(
    fc.property(plate, fc.constantFrom("-", " ", ".", "·", "\u00a0"), (normal, separator) => {
      expect(normalizePlate([...normal].join(separator).toLowerCase())).toBe(normal);
    }),
  );
});

test.for(["", "  ", "-", "unknown", " UNKNOWN ", "NoPlate", "n/a", "שלום"])("'%s' is no reading", (text) => {
  expect(readPlate(text)).toBeNull();
});

test("no reading is no plate, and a reading keeps its leading zeros", () => {
  expect(readPlate(null)).toBeNull();
  expect(readPlate("00-123")).toBe("00123");
});

test("every look-alike folds to one character of its group, and folding again changes nothing", () => {
  for (const group of GROUPS) expect(new Set([...group].map(foldPlate)).size).toBe(1);
  expect(new Set(GROUPS.map((group) => foldPlate(group.charAt(0)))).size).toBe(GROUPS.length);
  fc.assert(
    fc.property(plate, (normal) => {
      const folded = foldPlate(normal);
      expect(folded).toHaveLength(normal.length);
      expect(foldPlate(folded)).toBe(folded);
    }),
  );
});

test("a plate fits itself exactly", () => {
  fc.assert(
    fc.property(plate, (normal) => {
      expect(explainMatch(normal, normal)).toEqual({ kind: "exact", differences: [] });
    }),
  );
});

test("a reading that mixes up look-alikes fits, and the differences lead from the one to the other", () => {
  fc.assert(
    fc.property(misread, ({ listed, read }) => {
      const match = explainMatch(listed, read);
      const repaired = [...read];
      for (const difference of match?.differences ?? []) {
        expect(repaired[difference.index]).toBe(difference.read);
        repaired[difference.index] = difference.listed;
      }
      expect(repaired.join("")).toBe(listed);
      expect(match?.kind).toBe(listed === read ? "exact" : "look-alike");
    }),
  );
});

test("two plates fit each other or neither does, with the same differences the other way round", () => {
  const pairs = fc.oneof(misread, fc.record({ listed: plate, read: plate }));
  fc.assert(
    fc.property(pairs, ({ listed, read }) => {
      const swapped = explainMatch(read, listed)?.differences.map((one) => ({
        index: one.index,
        listed: one.read,
        read: one.listed,
      }));
      expect(explainMatch(listed, read)?.differences).toEqual(swapped);
    }),
  );
});

test("plates of different length or with another letter do not fit", () => {
  expect(explainMatch("ABC123", "ABC1234")).toBeNull();
  expect(explainMatch("ABC123", "ABX123")).toBeNull();
  expect(explainMatch("0", "")).toBeNull();
});

test("a plate as displayed keeps every character, and no separator is marked", () => {
  expect(markPlate("12-85-67", [2, 5])).toEqual([
    { character: "1", marked: false },
    { character: "2", marked: false },
    { character: "-", marked: false },
    { character: "8", marked: true },
    { character: "5", marked: false },
    { character: "-", marked: false },
    { character: "6", marked: false },
    { character: "7", marked: true },
  ]);
  fc.assert(
    fc.property(anyText, (text) => {
      const shown = markPlate(text, [0, 1]).map((one) => one.character);
      expect(shown.join("")).toBe(text);
    }),
  );
});

test("what is marked is what stands at that place of the normalised plate, whatever the text", () => {
  fc.assert(
    fc.property(anyText, fc.nat(24), (text, index) => {
      const marked = markPlate(text, [index]).filter((one) => one.marked);
      const wanted = normalizePlate(text).charAt(index);
      // One character may stand for several places (`ﬁ` is FI), so it contains the wanted one.
      expect(marked).toHaveLength(wanted === "" ? 0 : 1);
      expect(normalizePlate(marked[0]?.character ?? "")).toContain(wanted);
    }),
    {
      numRuns: 1000,
      examples: [
        ["O\u030812", 1],
        ["\ufb0112", 1],
      ],
    },
  );
});
