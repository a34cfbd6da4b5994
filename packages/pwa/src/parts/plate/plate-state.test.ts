/** The address of a plate's page. */
import { expect, test } from "vitest";
import { uuidOf } from "../../builders.ts";
import { filtersOf } from "../search/question.ts";
import { dayAtCamera, hourOf, momentAtCamera, partOf, plateOf } from "./plate-state.ts";

test("the plate is said with its name, and read as plates are; no other fragment is one", () => {
  expect(plateOf({ plate: "1285-67", camera: uuidOf(1) })).toBe("128567");
  expect(plateOf({ main: "" } as never)).toBe("");
  expect(plateOf({ camera: uuidOf(1) })).toBe("");
});

test("an hour is one of the day's, and a part one of the page's", () => {
  expect(["0", "23", "24", "x"].map((hour) => hourOf({ hour }))).toEqual([0, 23, null, null]);
  expect(hourOf({})).toBeNull();
  expect(partOf({ part: "elsewhere" })).toBe("timeline");
});

test("a day at a camera reaches from midnight to midnight, a moment around its reading", () => {
  const day = dayAtCamera(uuidOf(1), new Date(2026, 10, 22).getTime());
  expect(day).toMatchObject({ camera: uuidOf(1), from: "2026-11-22T00:00", to: "2026-11-23T00:00", hour: undefined });
  const at = "2026-11-22T20:00:30.000Z";
  const { from = "", to = "" } = momentAtCamera(uuidOf(1), at);
  const asked = filtersOf({ from, to });
  expect(Date.parse(asked.from ?? "") < Date.parse(at) && Date.parse(at) < Date.parse(asked.to ?? "")).toBe(true);
});
