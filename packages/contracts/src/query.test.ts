/** What typed texts mean, whatever is typed. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { SEARCH_WAYS, fitsPattern, understand } from "./query.ts";

test.for([
  ["", "empty"],
  [" \t ", "empty"],
  ["---", "foreign"],
  ["אבג", "foreign"],
  ["🚗🚗", "foreign"],
  ["7", "short"],
  ["A".repeat(200), "long"],
  [`${"A".repeat(40)}?`, "long"],
  ["?", "only_wildcards"],
  ["*?*", "only_wildcards"],
  ["？＊", "only_wildcards"],
  ["*7*", "vague"],
  ["1?3?5?7", "vague"],
  ["a**b?c*1", "vague"],
] as const)("%j is refused as %s", ([text, why]) => {
  expect(understand(text, "similar")).toEqual({ kind: "refused", why });
});

test.for([
  ["12?5-67", "12?567"],
  ["12-85*", "1285*"],
  ["*567", "*567"],
  ["１２？５６", "12?56"],
  ["ab**?c*1", "AB*?C*1"],
] as const)("%s is the pattern %s", ([text, pattern]) => {
  expect(understand(text, "exact")).toEqual({ kind: "pattern", pattern });
});

test("A plate is looked up in the way that was chosen", () => {
  expect(understand("ab-12", "harder")).toEqual({ kind: "plate", plate: "AB12", folded: "A812", way: "harder" });
  expect(understand("' or 1", "similar")).toMatchObject({ kind: "plate", plate: "OR1" });
  expect(understand("ab-1", "contains")).toEqual({ kind: "pattern", pattern: "*AB1*" });
  expect(understand("ab", "contains")).toEqual({ kind: "refused", why: "vague" });
});

test("Any text is understood or refused, and a pattern holds nothing but plate characters and wildcards", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), fc.constantFrom(...SEARCH_WAYS), (text, way) => {
      const understood = understand(text, way);
      const isPattern = understood.kind === "pattern" && /^[A-Z0-9?*]+$/.test(understood.pattern);
      const isPlate = understood.kind === "plate" && /^[A-Z0-9]{2,16}$/.test(understood.plate);
      expect(isPattern || isPlate || understood.kind === "refused").toBe(true);
    }),
  );
});

test("A pattern fits what a regular expression of the same meaning fits, without going back for ever", () => {
  const part = (unit: string) => fc.string({ unit: fc.constantFrom(...unit), maxLength: 8 });
  fc.assert(
    fc.property(part("AB?*"), part("AB"), (pattern, plate) => {
      const same = new RegExp(`^${pattern.replaceAll("?", ".").replaceAll("*", ".*")}$`);
      expect(fitsPattern(pattern, plate)).toBe(same.test(plate));
    }),
    { numRuns: 5000 },
  );
  expect(fitsPattern(`${"*A".repeat(16)}B`, "A".repeat(64))).toBe(false);
});
