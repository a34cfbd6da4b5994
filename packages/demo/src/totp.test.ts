/** Tests of one-time codes against the vectors of RFC 6238 (appendix B) and RFC 4648 (section 10). */
import { expect, test } from "vitest";
import { decodeBase32, secondsLeft, totpCode } from "./totp.ts";

test.each([
  [59, "94287082"],
  [1_111_111_109, "07081804"],
  [1_111_111_111, "14050471"],
  [1_234_567_890, "89005924"],
  [2_000_000_000, "69279037"],
  [20_000_000_000, "65353130"],
])("at %i s the code of the RFC's SHA-1 key is %s", (seconds, code) => {
  expect(totpCode(Buffer.from("12345678901234567890"), seconds * 1000, 8)).toBe(code);
  expect(totpCode(Buffer.from("12345678901234567890"), seconds * 1000)).toBe(code.slice(2));
});

test.each([
  ["", ""],
  ["MY======", "f"],
  ["MZXQ====", "fo"],
  ["mzxw6", "foo"],
  ["MZXW6YTBOI======", "foobar"],
])("base32 %s is %s", (text, plain) => {
  expect(decodeBase32(text).toString()).toBe(plain);
});

test("a character outside the alphabet is refused", () => {
  expect(() => decodeBase32("MZX1")).toThrow("not a base32");
});

test("a code lasts to the end of its half minute", () => {
  expect([0, 29_000, 30_000, 59_999].map(secondsLeft)).toEqual([30, 1, 30, 1]);
});
