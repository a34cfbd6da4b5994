/** Tests of what the cameras say. */
import { expect, test } from "vitest";
import { cameraById } from "../town/cameras.ts";
import { createVehicles } from "../town/vehicles.ts";
import { hikvisionEvent, localTime } from "./feeds.ts";

test("local time names the same moment, to the millisecond, with an offset and never a Z", () => {
  for (const at of [new Date(Date.UTC(2026, 6, 1, 0, 0, 0, 7)), new Date(Date.UTC(2026, 11, 31, 23, 59, 59, 999))]) {
    expect(localTime(at)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$/);
    expect(new Date(localTime(at)).getTime()).toBe(at.getTime());
  }
});

test("a Hikvision camera says what it read, not what the plate is, and where the plate lies", () => {
  const [vehicle] = createVehicles(1).watched;
  if (!vehicle) throw new Error("The town has a watched van.");
  const event = hikvisionEvent({
    camera: cameraById("mill-square"),
    vehicle,
    read: "12B5-67",
    confidence: 0.86,
    side: "rear",
    speedKph: 41,
    atMs: 0,
    at: new Date(0),
    pictures: { crop: Buffer.alloc(0), full: Buffer.alloc(0), box: [691, 397, 150, 40] },
  });
  expect(event).toContain("<eventType>ANPR</eventType>");
  expect(event).toContain("<licensePlate>12B5-67</licensePlate>");
  expect(event).not.toContain("1285-67");
  expect(event).toContain("<confidenceLevel>86</confidenceLevel>");
  expect(event).toContain("<direction>reverse</direction>");
  expect(event).toContain("<X>691</X><Y>397</Y><width>150</width><height>40</height>");
});
