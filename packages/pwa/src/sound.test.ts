/** Which tone is due when. */
import { expect, test } from "vitest";
import { anAlert } from "./builders.ts";
import { type Rung, dueTone } from "./sound.ts";

test("priority 1 sounds at once, again after 20 s, and from 180 s on until somebody answers", () => {
  const rung = new Map<string, Rung>();
  const at = (seconds: number) => dueTone([anAlert(1)], rung, seconds * 1000);
  expect([0, 1, 19, 20, 21, 179, 180, 181, 183].map((seconds) => at(seconds))).toEqual([
    "rising",
    null,
    null,
    "rising",
    null,
    null,
    "rising",
    null,
    "rising",
  ]);
  expect(dueTone([anAlert(1, { state: "acknowledged" })], rung, 200_000)).toBeNull();
  expect(rung.size).toBe(0);
});

test("priority 2 sounds once, priority 3 and late alerts never", () => {
  const rung = new Map<string, Rung>();
  const alerts = [anAlert(1, { priority: 2 }), anAlert(2, { priority: 3 }), anAlert(3, { late: true })];
  expect([0, 30_000, 200_000].map((ms) => dueTone(alerts, rung, ms))).toEqual(["single", null, null]);
});
