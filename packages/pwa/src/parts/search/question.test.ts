/** The address of a search, and what is asked for it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { uuidOf } from "../../builders.ts";
import { type SearchState, askedOf, filtersOf, keptOf, minuteOf, stateOfSaved } from "./question.ts";

const filtersAsked = (state: SearchState) => {
  const asked = askedOf(state, true);
  return asked.kind === "plates" || asked.kind === "detections" ? asked.filters : null;
};

test("a text with wildcards is a pattern, one without is a plate in the way that was chosen", () => {
  expect(askedOf({ q: "12?5-67", way: "exact" }, true)).toMatchObject({
    understood: { kind: "pattern", pattern: "12?567" },
  });
  expect(askedOf({ q: "1285-67", way: "harder" }, true)).toMatchObject({
    understood: { kind: "plate", plate: "128567", way: "harder" },
  });
  expect(askedOf({ q: "128", way: "contains" }, true)).toMatchObject({
    understood: { kind: "pattern", pattern: "*128*" },
  });
});

test("an unknown way is the usual one", () => {
  expect(askedOf({ q: "128567", way: "telepathy" }, true)).toMatchObject({ way: "similar" });
});

test("what cannot be looked up is refused before anything is asked", () => {
  expect(askedOf({ q: "1?*" }, true)).toEqual({ kind: "refused", why: "vague" });
  expect(askedOf({ q: "שלום" }, true)).toEqual({ kind: "refused", why: "foreign" });
});

test("filters alone ask for detections, of those who may see them", () => {
  expect(askedOf({ vehicle: "white van" }, true)).toEqual({
    kind: "detections",
    filters: { vehicle: "white van" },
    unread: false,
  });
  expect(askedOf({ unread: "1" }, true)).toEqual({ kind: "detections", filters: {}, unread: true });
  expect(askedOf({ vehicle: "white van" }, false)).toEqual({ kind: "nothing" });
  expect(askedOf({}, true)).toEqual({ kind: "nothing" });
});

test("what is not understood of the filters is not asked", () => {
  const state = { q: "128567", cameras: "North,,7", from: "yesterday", listed: "maybe", sure: "900", way: "x" };
  expect(filtersAsked(state)).toEqual({});
});

test("a saved search comes back as it was asked", () => {
  const moment = fc
    .date({ min: new Date("2026-01-01"), max: new Date("2027-01-01"), noInvalidDate: true })
    .map((at) => at.toISOString());
  const filters = fc.record(
    {
      cameraIds: fc.constant<string[]>([uuidOf(1), uuidOf(2)]),
      area: fc.constant("North"),
      from: moment,
      to: moment,
      listed: fc.boolean(),
      minConfidence: fc.constantFrom(0.6, 0.755, 0.9),
      direction: fc.constant("forward"),
      vehicle: fc.constant("white van"),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(filters, (saved) => {
      const state = stateOfSaved({ text: "12?5", way: "exact", filters: saved, unread: false });
      expect(state).toMatchObject({ q: "12?5", way: "exact" });
      expect(filtersOf(state)).toEqual(saved);
    }),
  );
});

test("what is kept of a search opens the same one again, with a plate and without", () => {
  const states: SearchState[] = [
    { q: "12*5", way: "contains", area: "North", sure: "75" },
    { q: "1285-67", way: "harder" },
    { vehicle: "white van", from: "2026-11-22T23:41:30", listed: "no" },
    { unread: "1" },
  ];
  for (const state of states) {
    const asked = askedOf(state, true);
    if (asked.kind !== "plates" && asked.kind !== "detections") throw new Error("nothing is asked");
    expect(askedOf(stateOfSaved(keptOf(asked)), true)).toEqual(asked);
  }
});

test("a minute is the person's own, and an instant for central", () => {
  const at = new Date(2026, 10, 22, 23, 41).toISOString();
  expect(minuteOf(at)).toBe("2026-11-22T23:41");
  expect(filtersOf({ from: "2026-11-22T23:41", to: "2026-11-22" })).toEqual({
    from: at,
    to: new Date(2026, 10, 22).toISOString(),
  });
});
