/** What the address of the access log asks central for. */
import { expect, test } from "vitest";
import { questionOf } from "./log-question.ts";

test("days are asked for from their first instant to the last one of the last day", () => {
  const { from, to } = questionOf({ from: "2026-11-20", to: "2026-11-22" });
  expect(new Date(from ?? "")).toEqual(new Date("2026-11-20T00:00:00"));
  expect(new Date(to ?? "")).toEqual(new Date("2026-11-23T00:00:00"));
});

test("an address that was typed wrong asks for less and not for nonsense", () => {
  expect(questionOf({ from: "yesterday", to: "", outcome: "perhaps", plate: "" })).toEqual({});
});

test("who looked at a plate is asked by plate, person, action and outcome together", () => {
  expect(questionOf({ plate: "1285-67", person: "p1", action: "detections.search", outcome: "denied" })).toEqual({
    plate: "1285-67",
    userId: "p1",
    action: "detections.search",
    outcome: "denied",
  });
});
