/** The matcher: every fit is found, nothing else is, and each says why. */
import { explainMatch, foldPlate } from "@chaverim/contracts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type MatchEntry, createMatchIndex, matchPlate } from "./matcher.ts";

const plate = fc.string({ unit: fc.constantFrom(..."0OQD1IL75S8B2Z6GAX3"), minLength: 1, maxLength: 4 });
const entry: fc.Arbitrary<MatchEntry> = fc.record({
  id: fc.uuid(),
  plate,
  strategy: fc.constantFrom("exact", "look-alike"),
  priority: fc.constantFrom(1, 2, 3),
  expiresAtMs: fc.constantFrom(999, 1000, 1001),
});
const NOW_MS = 1000;

test("The index finds exactly what comparing with every entry finds", () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 40 }), plate, (entries, read) => {
      const expected = entries
        .filter(({ expiresAtMs }) => expiresAtMs > NOW_MS)
        .filter((listed) =>
          listed.strategy === "exact" ? listed.plate === read : foldPlate(listed.plate) === foldPlate(read),
        )
        .map((listed) => ({ entry: listed, match: explainMatch(listed.plate, read) }));
      expect(matchPlate(createMatchIndex(entries), read, NOW_MS)).toEqual(expected);
    }),
  );
});

test("A detection without a plate fits nothing, whatever is listed", () => {
  const entries = [{ id: "1", plate: "", strategy: "look-alike", priority: 1, expiresAtMs: 2000 }] as const;
  expect(matchPlate(createMatchIndex(entries), "", NOW_MS)).toEqual([]);
});
