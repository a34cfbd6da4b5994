/** Searching without a line. */
import type { DetectionView } from "@chaverim/contracts";
import { normalizePlate } from "@chaverim/contracts";
import { expect, test } from "vitest";
import { aDetection } from "../../builders.ts";
import { findKept, searchKept } from "./kept.ts";
import { type SearchState, askedOf } from "./question.ts";

let made = 0;
const read = (text: string | null, more: Partial<DetectionView> = {}): DetectionView =>
  aDetection(++made, {
    plate: { text, normalized: text === null ? null : normalizePlate(text), confidence: 0.9 },
    ...more,
  });

const kept = [read("1285-67"), read("12B5-67"), read("1235-67"), read("1285-6"), read("9999-99"), read("1285-67")];
const van = read("7777-77", {
  vehicle: { make: "Ford", model: null, color: "White", type: "van", direction: "forward" },
});

const search = (state: SearchState, detections: readonly DetectionView[] = kept) => {
  const asked = askedOf(state, true);
  if (asked.kind === "plates") return searchKept(detections, asked).map(({ plate, match }) => `${plate} ${match.kind}`);
  return asked.kind === "detections" ? findKept(detections, asked).map(({ plate }) => plate.text) : asked;
};

test("each way finds what it says, the nearest first", () => {
  expect(search({ q: "1285-67", way: "exact" })).toEqual(["128567 exact"]);
  expect(search({ q: "1285-67", way: "look-alike" })).toEqual(["128567 exact", "12B567 look-alike"]);
  expect(search({ q: "1285-67" })).toEqual(["128567 exact", "12B567 look-alike", "123567 near", "12856 near"]);
  // Those seen most come first, as at central.
  expect(search({ q: "567", way: "contains" })).toEqual(["128567 pattern", "123567 pattern", "12B567 pattern"]);
  expect(search({ q: "12?567" })).toEqual(["128567 pattern", "123567 pattern", "12B567 pattern"]);
});

test("searching harder forgives two mistakes of any kind, and not three", () => {
  const detections = [read("12X5Y7"), read("ZX5Y77")];
  expect(search({ q: "128567" }, detections)).toEqual([]);
  expect(search({ q: "128567", way: "harder" }, detections)).toEqual(["12X5Y7 near"]);
});

test("two in each other's place are two mistakes, as they are to central", () => {
  expect(search({ q: "128567", way: "harder" }, [read("1258-67")])).toEqual(["125867 near"]);
  expect(search({ q: "128567", way: "harder" }, [read("1825-76")])).toEqual([]);
});

test("what a person corrected is found by both plates", () => {
  const corrected = { plate: "555555", by: "Rivka", at: "2026-11-22T20:00:00Z", reason: "The photo" };
  const detections = [read("9999-99", { corrected }), read(null, { corrected }), read("5555-55", { corrected })];
  expect(search({ q: "999999", way: "exact" }, detections)).toEqual(["999999 exact"]);
  const asked = askedOf({ q: "555555", way: "exact" }, true);
  expect(asked.kind === "plates" && searchKept(detections, asked)).toMatchObject([{ plate: "555555", sightings: 3 }]);
});

test("a plate is counted with all its detections, also those that the filters leave out", () => {
  const asked = askedOf({ q: "128567", from: "2020-01-01" }, true);
  expect(asked.kind === "plates" && searchKept(kept, asked)[0]).toMatchObject({ plate: "128567", sightings: 2 });
});

test("without a plate it is place, time and vehicle that count", () => {
  const unread = read(null);
  expect(search({ vehicle: "white VAN" }, [van, ...kept])).toEqual(["7777-77"]);
  expect(search({ vehicle: "white truck" }, [van, ...kept])).toEqual([]);
  expect(search({ direction: "reverse" }, [van, ...kept])).toEqual([]);
  expect(search({ unread: "1" }, [van, unread, ...kept])).toEqual([null]);
  expect(search({ area: "South" }, [van, ...kept])).toEqual([]);
});
