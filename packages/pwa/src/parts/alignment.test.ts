/** Which characters stand under each other. */
import { type PlateMatch, differencesOf, fitsPattern } from "@chaverim/contracts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { alignPlates, marksOf, unknownPlaces } from "./alignment.ts";

const near = (listed: string, read: string): PlateMatch => ({
  kind: "near",
  differences: differencesOf(listed, read),
});
const inColumns = (listed: string, read: string, match: PlateMatch) =>
  alignPlates(listed, read, match).map((pair) => `${pair.listed || "-"}${pair.read || "-"}${pair.differs ? "!" : ""}`);

test("a character that is missing or too much leaves the others under each other", () => {
  expect(inColumns("1234", "124", near("1234", "124"))).toEqual(["11", "22", "3-!", "44"]);
  expect(inColumns("124", "1234", near("124", "1234"))).toEqual(["11", "22", "-3!", "44"]);
});

test("two swapped characters are marked, both of them", () => {
  expect(inColumns("12345", "13245", near("12345", "13245"))).toEqual(["11", "23!", "32!", "44", "55"]);
});

test("a wildcard stands over what it stands for", () => {
  const match: PlateMatch = { kind: "pattern", differences: [] };
  expect(inColumns("12?5*9", "12859", match)).toEqual(["11", "22", "?8!", "55", "*-!", "99"]);
  expect(inColumns("12*9", "125569", match)).toEqual(["11", "22", "*5!", "-5!", "-6!", "99"]);
  expect(unknownPlaces("12?5*9", "1285679")).toEqual([2, 4, 5]);
});

const plates = fc.stringMatching(/^[1-5AB]{2,8}$/);

test("no character of either plate is lost, whatever the two plates are", () => {
  fc.assert(
    fc.property(plates, plates, (listed, read) => {
      const pairs = alignPlates(listed, read, near(listed, read));
      expect(pairs.map((pair) => pair.listed).join("")).toBe(listed);
      expect(pairs.map((pair) => pair.read).join("")).toBe(read);
      expect(pairs.filter((pair) => pair.listed !== pair.read).every((pair) => pair.differs)).toBe(true);
    }),
  );
});

test("a plate that fits a pattern is in it whole, each known character under itself", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[12?*]{1,6}$/), fc.stringMatching(/^[12]{0,6}$/), (typed, read) => {
      const pattern = typed.replaceAll(/\*+/g, "*");
      fc.pre(fitsPattern(pattern, read));
      const pairs = alignPlates(pattern, read, { kind: "pattern", differences: [] });
      expect(pairs.map((pair) => pair.read).join("")).toBe(read);
      expect(pairs.filter((pair) => !pair.differs).every((pair) => pair.listed === pair.read)).toBe(true);
    }),
  );
});

test("a mark is where the plate that is shown differs, on either side of a character too much", () => {
  const differences = differencesOf("12345", "1X2346");
  expect(differences.map(({ listed, read }) => `${listed}>${read}`)).toEqual([">X", "5>6"]);
  expect(marksOf(differences, "read")).toEqual({ places: [1, 5], gaps: [] });
  expect(marksOf(differences, "listed")).toEqual({ places: [4], gaps: [1] });
});
