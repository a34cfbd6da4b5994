/** What one line of text may hold. */
import { expect, test } from "vitest";
import { lineSchema } from "./line.ts";

const takes = (text: string, max = 20, min = 1): boolean => lineSchema(max, min).safeParse(text).success;

test.each([0x00, 0x1f, 0x7f, 0x80, 0x85, 0x9f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2066, 0x2069])(
  "A control character or one that turns what follows (%i) is refused",
  (code) => {
    expect(takes(`a${String.fromCodePoint(code)}b`)).toBe(false);
  },
);

test.each(["Yaël Ben-Zvi", "רחל כהן", "O\u2019Neill", "A\u00a0B", "א\u200fב", "👩‍🚒 Noa"])(
  "%j is a line as people type it",
  (text) => {
    expect(lineSchema(20).parse(text)).toBe(text);
  },
);

test("The least counts what is seen: blanks, joiners and marks of direction are nothing", () => {
  expect(takes("\u200b\u200f\u2060\ufeff")).toBe(false);
  expect(["a\u200b\u200b", "a b", "a \u200f\u00adb", "abc", "a b c", "אבג"].map((text) => takes(text, 20, 3))).toEqual([
    false,
    false,
    false,
    true,
    true,
    true,
  ]);
  expect(takes("", 20, 0)).toBe(true);
});

test("Blanks around it go, and it is no longer than it may be", () => {
  expect(lineSchema(3).parse("  abc ")).toBe("abc");
  expect([takes("abcd", 3), takes("\ud800", 3)]).toEqual([false, false]);
});
