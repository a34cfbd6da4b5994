/**
 * Characters that are taken for each other, and what kind of difference between two plates one is.
 * Rule: apart from the searching that is built on it, because every phone shows differences and few look for them.
 */
import { type PlateDifference, foldPlate } from "./plate.ts";

/**
 * Folded characters that readers and witnesses take for each other, beyond the look-alikes that folding merges. From the shapes
 * of the usual plate fonts: a stroke more or less, open or closed, upright or slanted.
 */
const CONFUSABLE_PAIRS =
  "0C 0U 06 08 09 12 14 1J 1T 1Y 23 35 36 38 39 4A 56 58 59 68 69 6C 89 8E 8R 8A 4H CE EF FP PR RK RA KX XY VY VU UJ VW MN MW NH HK HM NW 0P 1R"
    .split(" ")
    .map((pair) => [pair.charAt(0), pair.charAt(1)] as const);

/** By a folded character, all that are taken for it. */
export const confusables: ReadonlyMap<string, string> = /* @__PURE__ */ (() => {
  const map = new Map<string, string>();
  for (const [a, b] of CONFUSABLE_PAIRS) {
    map.set(a, (map.get(a) ?? "") + b);
    map.set(b, (map.get(b) ?? "") + a);
  }
  return map;
})();

/** Whether one character is easily taken for another, beyond the look-alikes that are one folded character. */
export const isConfusable = (a: string, b: string): boolean =>
  (confusables.get(foldPlate(a)) ?? "").includes(foldPlate(b));

/** What kind of difference one is; `other` is a character that nobody takes for the one that was listed. */
export const kindOfDifference = ({
  listed,
  read,
}: PlateDifference): "look-alike" | "confusable" | "missing" | "extra" | "swapped" | "other" => {
  if (read === "") return "missing";
  if (listed === "") return "extra";
  if (listed.length === 2) return "swapped";
  if (foldPlate(listed) === foldPlate(read)) return "look-alike";
  return isConfusable(listed, read) ? "confusable" : "other";
};
