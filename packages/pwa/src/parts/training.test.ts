/** Until when a training counts. */
import { expect, test } from "vitest";
import { trainingOf } from "./training.ts";

const at = (day: string): number => Date.parse(`${day}T12:00:00Z`);

test("a training counts on its last day and not on the day after", () => {
  expect(trainingOf("2026-01-01", 365, at("2027-01-01"))).toEqual({ state: "soon", until: "2027-01-01" });
  expect(trainingOf("2026-01-01", 365, at("2027-01-02"))).toEqual({ state: "ended", until: "2027-01-01" });
});

test("a training that ends within thirty days is told before", () => {
  expect(trainingOf("2026-01-01", 365, at("2026-12-01")).state).toBe("valid");
  expect(trainingOf("2026-01-01", 365, at("2026-12-02")).state).toBe("soon");
});

test("who was never trained has no last day", () => {
  expect(trainingOf(null, 365, at("2026-12-01"))).toEqual({ state: "none", until: null });
});
