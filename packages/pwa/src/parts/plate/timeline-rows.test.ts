/** Days, hours and counts of a timeline. */
import type { DetectionView } from "@chaverim/contracts";
import { expect, test, vi } from "vitest";
import { aDetection, uuidOf } from "../../builders.ts";
import { countByCamera, dayTeller, groupByDay, hourTeller, isDayRow, nextDay, ofHour } from "./timeline-rows.ts";

let made = 0;
const seen = (day: number, hour: number, camera = 1, more: Partial<DetectionView> = {}): DetectionView =>
  aDetection(++made, {
    detectedAt: new Date(2026, 10, day, hour, 5).toISOString(),
    camera: { id: uuidOf(camera), name: `Camera ${camera}`, area: null, heading: null },
    ...more,
  });

const detections = [seen(22, 23), seen(22, 8, 2), seen(20, 8), seen(20, 7, 2), seen(20, 6)];

test("each day's rows stand under its heading with their number", () => {
  const rows = groupByDay(detections, true).rows;
  expect(rows.filter(isDayRow).map(({ dayStart, count }) => [new Date(dayStart).getDate(), count])).toEqual([
    [22, 2],
    [20, 3],
  ]);
  expect(rows.filter((row) => !isDayRow(row))).toEqual(detections);
  expect(isDayRow(rows[0] as never)).toBe(true);
});

test("the oldest day is not counted while more of it may come", () => {
  expect(
    groupByDay(detections, false)
      .rows.filter(isDayRow)
      .map(({ count }) => count),
  ).toEqual([2, null]);
  expect(groupByDay([], false).rows).toEqual([]);
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

test("a page that follows is added to what was grouped, which stays what it was", () => {
  const all = [seen(22, 23), seen(22, 8), seen(21, 8), seen(21, 7), seen(20, 6)];
  const first = groupByDay(all.slice(0, 3), false);
  const second = groupByDay(all.slice(0, 4), false, first);
  const whole = groupByDay(all, true, second);
  expect(whole.rows).toEqual(groupByDay(all, true).rows);
  expect(whole.rows[0]).toBe(first.rows[0]);
  expect(second.rows[3]).toBe(first.rows[3]);
  // Another list, and one that is whole already, are grouped from their beginning.
  expect(groupByDay(all.slice(1), true, second).rows).toEqual(groupByDay(all.slice(1), true).rows);
  expect(groupByDay(all, false, whole).rows.filter(isDayRow).at(-1)?.count).toBeNull();
});

test("ten thousand rows ask the calendar once a day, and the hour of a time zone once a quarter of an hour", () => {
  const many = Array.from({ length: 10_000 }, (_, place) => ({
    ...(detections[0] as DetectionView),
    detectedAt: new Date(new Date(2026, 10, 22, 12).getTime() - place * 60_000).toISOString(),
  }));
  const calendar = vi.spyOn(Date.prototype, "setHours");
  let before = groupByDay([], true);
  for (let end = 1000; end <= many.length; end += 1000)
    before = groupByDay(many.slice(0, end), end === many.length, before);
  countByCamera(many, true);
  expect(before.rows.filter(isDayRow).length).toBeLessThan(10);
  expect(calendar.mock.calls.length).toBeLessThan(80);
  const hours = vi.spyOn(Intl, "DateTimeFormat");
  for (const { detectedAt } of many) expect(hourTeller("Asia/Jerusalem")(detectedAt)).toBeGreaterThanOrEqual(0);
  expect(hours.mock.calls.length).toBeLessThanOrEqual(1);
});

test("a time is of the day between two midnights, in whatever order they come", () => {
  const dayOf = dayTeller();
  const at = (day: number, hour: number) => new Date(2026, 2, day, hour, 30);
  for (const time of [at(27, 23), at(27, 0), at(26, 23), at(28, 0), at(27, 2)])
    expect(dayOf(time.toISOString())).toBe(new Date(time).setHours(0, 0, 0, 0));
});

test("by camera, the newest seven days are counted, and the oldest of them only when an older one follows", () => {
  const days = Array.from({ length: 9 }, (_, back) => [seen(20 - back, 9), seen(20 - back, 8, 2)]).flat();
  expect(countByCamera(days, false).days.map((day) => new Date(day).getDate())).toEqual([14, 15, 16, 17, 18, 19, 20]);
  expect(countByCamera(days.slice(0, 14), false).days).toHaveLength(6);
  expect(countByCamera(days.slice(0, 14), true).cameras[0]?.counts).toEqual([1, 1, 1, 1, 1, 1, 1]);
});
