/** Days, hours and counts of a timeline. */
import type { DetectionView } from "@chaverim/contracts";
import { expect, test } from "vitest";
import { aDetection, uuidOf } from "../../builders.ts";
import { countByCamera, hourTeller, isDayRow, nextDay, ofHour, rowsByDay } from "./timeline-rows.ts";

let made = 0;
const seen = (day: number, hour: number, camera = 1, more: Partial<DetectionView> = {}): DetectionView =>
  aDetection(++made, {
    detectedAt: new Date(2026, 10, day, hour, 5).toISOString(),
    camera: { id: uuidOf(camera), name: `Camera ${camera}`, area: null, heading: null },
    ...more,
  });

const detections = [seen(22, 23), seen(22, 8, 2), seen(20, 8), seen(20, 7, 2), seen(20, 6)];

test("each day's rows stand under its heading with their number", () => {
  const rows = rowsByDay(detections, true);
  expect(rows.filter(isDayRow).map(({ dayStart, count }) => [new Date(dayStart).getDate(), count])).toEqual([
    [22, 2],
    [20, 3],
  ]);
  expect(rows.filter((row) => !isDayRow(row))).toEqual(detections);
  expect(isDayRow(rows[0] as never)).toBe(true);
});

test("the oldest day is not counted while more of it may come", () => {
  expect(
    rowsByDay(detections, false)
      .filter(isDayRow)
      .map(({ count }) => count),
  ).toEqual([2, null]);
  expect(rowsByDay([], false)).toEqual([]);
});

test("a camera's count of a day is the number of its rows, and a day that is not whole has none", () => {
  const whole = countByCamera(detections, true);
  expect(whole.days.map((day) => new Date(day).getDate())).toEqual([20, 22]);
  expect(whole.cameras).toEqual([
    { id: uuidOf(1), name: "Camera 1", counts: [2, 1] },
    { id: uuidOf(2), name: "Camera 2", counts: [1, 1] },
  ]);
  expect(countByCamera(detections, false).days.map((day) => new Date(day).getDate())).toEqual([22]);
});

test("an hour is the organisation's, and repeats of a reading do not count", () => {
  const hourOf = hourTeller("Asia/Jerusalem");
  expect(hourOf("2026-11-22T22:30:00Z")).toBe(0);
  expect(hourOf("2026-07-22T20:30:00Z")).toBe(23);
  const [first, again] = [seen(22, 8), seen(22, 8, 1, { duplicateOf: uuidOf(1) })];
  expect(ofHour([first, again, seen(22, 9)], 8, (at) => new Date(at).getHours())).toEqual([first]);
});

test("the next day begins at midnight", () => {
  const next = new Date(nextDay(new Date(2026, 2, 26).getTime()));
  expect([next.getDate(), next.getHours()]).toEqual([27, 0]);
});
