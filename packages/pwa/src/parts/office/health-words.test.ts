/** What is wrong with a collector, as a person reads it. */
import { HEALTH_KINDS, type HealthAlert } from "@chaverim/contracts";
import { beforeEach, expect, test } from "vitest";
import { aProblem, uuidOf } from "../../builders.ts";
import { setLanguage } from "../../settings.ts";
import { problemOf, worstFirst } from "./health-words.ts";

beforeEach(() => setLanguage("en"));

const camera = { id: uuidOf(2), name: "gate" };

test.each<[string, HealthAlert["kind"], Partial<HealthAlert>]>([
  [
    "gate is up but silent: 2 seen, about 31 usual by then",
    "camera_silent",
    { camera, detail: { actual: 2, expected: 31.4 } },
  ],
  ["gate cannot be reached", "camera_offline", { camera, detail: { status: "offline" } }],
  ["gate reports a fault", "camera_offline", { camera, detail: { status: "error" } }],
  ["The disk is almost full: 6\u00a0% free", "disk_low", { detail: { free: 0.06 } }],
  ["Too hot: 82 °C", "hot", { detail: { temperature: 81.6 } }],
  ["Its clock is 12 minutes ahead", "clock_wrong", { detail: { offsetMs: 720_000 } }],
  ["Its clock is 12 minutes behind", "clock_wrong", { detail: { offsetMs: -720_000 } }],
  [
    "14 of its detections are missing here, numbers 2201 to 2214",
    "gap",
    { detail: { count: 14, from: 2201, to: 2214 } },
  ],
  [
    "The chain of its detections is broken at number 7",
    "gap",
    { detail: { count: 0, brokenAt: { epoch: 1, seq: 7 }, brokenOn: "2026-11-22T20:00:00Z" } },
  ],
  [
    "Its card has damaged 3 detections and 1 pictures before they were sent",
    "damaged",
    { detail: { rows: 3, images: 1 } },
  ],
  ["Another device sends with its key", "device_changed", { detail: { known: "ab", offered: null } }],
])("%s", (title, kind, more) => {
  expect(problemOf(aProblem(kind, more)).title).toBe(title);
});

test("pictures that central holds already are no loss", () => {
  const loss = (kind: string, images: number) => ({
    kind,
    images,
    bytes: 1,
    fromAt: "2026-11-22T10:00:00Z",
    toAt: "2026-11-22T11:00:00Z",
  });
  const detail = { sacrificed: [loss("acknowledged_images", 900), loss("old_scenes", 100), loss("old_crops", 20)] };
  expect(problemOf(aProblem("sacrificed", { detail })).title).toBe("120 pictures given up for want of space");
});

test("every kind has a title and a next step, also when its detail says nothing", () => {
  for (const kind of HEALTH_KINDS) {
    const { title, next } = problemOf(aProblem(kind));
    expect({ kind, isComplete: title.length > 5 && next.length > 5 }).toEqual({ kind, isComplete: true });
    expect(`${title} ${next}`).not.toMatch(/undefined|NaN|\{\{/);
  }
});

test("what gives no data comes first, then what is newest", () => {
  const older = "2026-11-22T19:00:00.000Z";
  const problems = [
    aProblem("hot", { openedAt: older }),
    aProblem("gap"),
    aProblem("offline", { openedAt: older }),
    aProblem("camera_offline"),
  ];
  expect(problems.toSorted(worstFirst).map(({ kind }) => kind)).toEqual(["camera_offline", "offline", "gap", "hot"]);
});
