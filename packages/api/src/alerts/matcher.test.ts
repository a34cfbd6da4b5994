/** The matcher: every fit is found, nothing else is, and each says why. */
import { explainMatch, foldPlate, oneMistake } from "@chaverim/contracts";
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

test("An entry that forgives fits every reading within one mistake, and a pattern whatever it says; each tells how", () => {
  const listed = { id: "near", plate: "3C5M841", strategy: "near", priority: 1, expiresAtMs: 2000 } as const;
  const pattern = { ...listed, id: "pattern", plate: "12?5*", strategy: "pattern" } as const;
  const index = createMatchIndex([listed, pattern]);
  const kinds = (read: string) => matchPlate(index, read, NOW_MS).map(({ entry, match }) => [entry.id, match.kind]);
  expect(kinds("3C5M841")).toEqual([["near", "exact"]]);
  expect(kinds("3CSMB4I")).toEqual([["near", "look-alike"]]);
  for (const read of ["3X5M841", "3C5M84", "3C5M8414", "C35M841", "3C5MB44"])
    expect(kinds(read), read).toEqual([["near", "near"]]);
  expect(kinds("3X5M842")).toEqual([]);
  expect(kinds("1285")).toEqual([["pattern", "pattern"]]);
  expect(kinds("1285671")).toEqual([["pattern", "pattern"]]);
  expect(kinds("1286671")).toEqual([]);
  expect(matchPlate(index, "3X5M841", 2000)).toEqual([]);
});

test("Whatever is listed and read, an entry that forgives fits what one mistake makes of it and nothing else", () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 20 }), plate, (entries, read) => {
      const near = entries.map((one) => ({ ...one, strategy: "near" as const, expiresAtMs: 2000 }));
      const expected = near.filter((one) => oneMistake(foldPlate(one.plate)).has(foldPlate(read)));
      const found = matchPlate(createMatchIndex(near), read, NOW_MS).map(({ entry: one }) => one);
      expect(new Set(found)).toEqual(new Set(expected));
      expect(found.length).toBe(expected.length);
    }),
  );
});

test("A detection without a plate fits nothing, whatever is listed", () => {
  const entries = [{ id: "1", plate: "", strategy: "look-alike", priority: 1, expiresAtMs: 2000 }] as const;
  expect(matchPlate(createMatchIndex(entries), "", NOW_MS)).toEqual([]);
});
