/** Addresses that carry a plate where nobody on the way reads it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { addressOf, plateAddress, searchAddress, stateOf } from "./addresses.ts";

test("a plate is in the fragment, never in path or query", () => {
  for (const address of [plateAddress("128567"), searchAddress("12?5-67")]) {
    const url = new URL(address, "https://central.example");
    expect(`${url.pathname}${url.search}`).not.toMatch(/\d/);
  }
});

test("any text comes back as it was put in", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const url = new URL(addressOf("/search", { q: text, way: undefined }), "https://central.example");
      expect(stateOf(url.hash)).toEqual({ q: text });
    }),
  );
});
