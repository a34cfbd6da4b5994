/** Each threshold of a collector's health, from both sides. */
import { expect, test } from "vitest";
import { aHeartbeat } from "../testing/devices.ts";
import { type Facts, type OpenAlert, findProblems } from "./find-problems.ts";
import type { HealthKind } from "./health-alerts.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const ago = (seconds: number) => new Date(NOW - seconds * 1000);
const well = () => aHeartbeat({ clock: { now: ago(0).toISOString(), offsetMs: 0 } });
const facts = (change: Partial<Facts> = {}): Facts => ({
  revoked: false,
  lastSeenAt: ago(0),
  heartbeatAt: ago(0),
  heartbeat: well(),
  cameras: [],
  missing: { epoch: 1, count: 0, from: 0, to: 0 },
  lost: 0,
  centralEpoch: 1,
  open: [],
  ...change,
});
const said = (change: object): Partial<Facts> => ({ heartbeat: { ...well(), ...change } });
const kinds = (change: Partial<Facts>, silentSinceMs = 0) =>
  findProblems(facts(change), NOW, silentSinceMs).map(({ kind }) => kind);
const alert = (kind: HealthKind, detail: Record<string, unknown> = {}, cameraId: string | null = null): OpenAlert => ({
  id: "a",
  kind,
  detail,
  cameraId,
  openedAt: ago(60),
});
const camera = (actual: number, expected: number | null) => [{ id: "c", key: "gate", hour: { actual, expected } }];

test("Nothing is wrong with a collector that is well, was never heard of, or was revoked", () => {
  expect(kinds({})).toEqual([]);
  expect(kinds({ lastSeenAt: null, heartbeatAt: null, heartbeat: null })).toEqual([]);
  expect(kinds({ revoked: true, lastSeenAt: ago(9999), open: [alert("offline"), alert("gap")] })).toEqual([]);
});

test("It is late after 90 s and offline after 180 s", () => {
  expect(kinds({ lastSeenAt: ago(90) })).toEqual([]);
  expect(kinds({ lastSeenAt: ago(91) })).toEqual(["late"]);
  expect(kinds({ lastSeenAt: ago(180) })).toEqual(["late"]);
  expect(kinds({ lastSeenAt: ago(181) })).toEqual(["offline"]);
});

test("A silence from before central was started counts from then", () => {
  expect(kinds({ lastSeenAt: ago(9999) }, NOW - 30_000)).toEqual([]);
  expect(kinds({ lastSeenAt: ago(9999) }, NOW - 181_000)).toEqual(["offline"]);
});

test("Offline is all there is to say: what it said last of heat, disk and cameras is no news, and ends nothing", () => {
  const heartbeat = aHeartbeat({ temperature: 99, disk: { freeBytes: 0, totalBytes: 1 } });
  expect(kinds({ lastSeenAt: ago(200), heartbeat, cameras: camera(0, 100) })).toEqual(["offline"]);
  const told = [alert("late"), alert("clock_wrong"), alert("damaged"), alert("camera_silent", {}, "c")];
  expect(kinds({ lastSeenAt: ago(200), heartbeat: well(), cameras: camera(99, 100), open: told })).toEqual([
    "offline",
    "clock_wrong",
    "damaged",
    "camera_silent",
  ]);
});

test("Damaged rows are told of while there are any, damaged images for a day, and neither is a backlog", () => {
  const buffer = { rows: 60, bytes: 1, oldestAt: null, damaged: 60, damagedImages: 2 };
  expect(findProblems(facts({ ...said({ buffer }) }), NOW, 0)).toEqual([
    { kind: "damaged", cameraId: null, detail: { rows: 60, images: 2 } },
  ]);
  expect(kinds({ ...said({ buffer }), cameras: camera(0, 100) })).toEqual(["damaged", "camera_silent"]);
  const images = (hours: number) => ({
    ...said({ buffer: { ...buffer, rows: 0, damaged: 0 } }),
    open: [alert("damaged", { at: ago(hours * 3600).toISOString() })],
  });
  expect(kinds(images(23.9))).toEqual(["damaged"]);
  expect(kinds(images(24))).toEqual([]);
});

test.each<[HealthKind, object, object, object]>([
  [
    "disk_low",
    { disk: { freeBytes: 10, totalBytes: 100 } },
    { disk: { freeBytes: 9, totalBytes: 100 } },
    { disk: { freeBytes: 12, totalBytes: 100 } },
  ],
  ["hot", { temperature: 80 }, { temperature: 80.1 }, { temperature: 75 }],
])("%s begins past its threshold and ends well before it", (kind, fine, wrong, over) => {
  expect(kinds(said(fine))).toEqual([]);
  expect(kinds(said(wrong))).toEqual([kind]);
  expect(kinds({ ...said(fine), open: [alert(kind)] })).toEqual([kind]);
  expect(kinds({ ...said(over), open: [alert(kind)] })).toEqual([]);
});

test("What cannot be known is not wrong: no sensor, no disk, a disk of no size", () => {
  expect(kinds(said({ temperature: null, disk: null }))).toEqual([]);
  expect(kinds(said({ disk: { freeBytes: 0, totalBytes: 0 } }))).toEqual(["disk_low"]);
});

test.each([
  [300, []],
  [301, ["clock_wrong"]],
  [-300, []],
  [-301, ["clock_wrong"]],
])("A clock that is %i s off: %j", (seconds, expected) => {
  expect(kinds(said({ clock: { now: ago(-seconds).toISOString(), offsetMs: null } }))).toEqual(expected);
});

test.each([
  ["online", []],
  ["connecting", []],
  ["offline", ["camera_offline"]],
  ["error", ["camera_offline"]],
])("A camera that is %s: %j", (status, expected) => {
  const cameras = [{ cameraId: "gate", status, lastDetectionAt: null, clockOffsetMs: null }];
  expect(kinds({ ...said({ cameras }), cameras: camera(0, null) })).toEqual(expected);
});

test.each([
  [1, 10, ["camera_silent"]],
  [2, 10, []],
  [0, 9.9, []],
  [0, null, []],
  [19, 100, ["camera_silent"]],
  [20, 100, []],
])("A camera that saw %i where %j is usual: %j", (actual, expected, problems) => {
  expect(kinds({ cameras: camera(actual, expected) })).toEqual(problems);
});

test("Silence is not told while detections wait at the collector, or while it is late", () => {
  const cameras = camera(0, 100);
  expect(kinds({ ...said({ buffer: { rows: 51, bytes: 1, oldestAt: null } }), cameras })).toEqual([]);
  expect(kinds({ lastSeenAt: ago(100), cameras })).toEqual(["late"]);
});

test("A silence goes on over the turn of the hour, until twice as much is seen as would have begun it", () => {
  const open = [alert("camera_silent", {}, "c")];
  expect(kinds({ cameras: camera(0, 0.1), open })).toEqual(["camera_silent"]);
  // A camera at a tenth of a hundred an hour: its first detections say nothing.
  expect(kinds({ cameras: camera(1, 1.7), open })).toEqual(["camera_silent"]);
  expect(kinds({ cameras: camera(3, 5), open })).toEqual(["camera_silent"]);
  expect(kinds({ cameras: camera(4, 5), open })).toEqual([]);
  expect(kinds({ cameras: camera(15, 40), open })).toEqual(["camera_silent"]);
  expect(kinds({ cameras: camera(16, 40), open })).toEqual([]);
  expect(kinds({ cameras: camera(4, null), open })).toEqual([]);
  expect(kinds({ cameras: [], open })).toEqual([]);
});

test("A gap stays while it cannot be told, while numbers are missing, and a week after a break in the chain", () => {
  const open = [alert("gap")];
  const broken = (days: number) => [alert("gap", { brokenOn: ago(days * 86_400).toISOString() })];
  expect(kinds({ missing: { epoch: 1, count: 1, from: 4, to: 4 } })).toEqual(["gap"]);
  expect(kinds({ missing: null })).toEqual([]);
  expect(kinds({ missing: null, open })).toEqual(["gap"]);
  expect(kinds({ open })).toEqual([]);
  expect(kinds({ open: broken(6.9) })).toEqual(["gap"]);
  expect(kinds({ open: broken(7) })).toEqual([]);
});

const lacks = (count: number, epoch = 1): Partial<Facts> => ({ missing: { epoch, count, from: 4, to: 9 } });
const gapOf = (change: Partial<Facts>) => findProblems(facts(change), NOW, 0).find(({ kind }) => kind === "gap");

test("A gap that has not grown for a week is over: what it lacks is lost, and no gap any more", () => {
  const grown = (days: number, count = 3) =>
    alert("gap", { epoch: 1, count, grownOn: ago(days * 86_400).toISOString() });
  expect(gapOf(lacks(3))).toMatchObject({ detail: { epoch: 1, count: 3, from: 4, grownOn: ago(0).toISOString() } });
  expect(gapOf({ ...lacks(3), open: [grown(6.9)] })).toMatchObject({
    detail: { grownOn: ago(6.9 * 86_400).toISOString() },
  });
  expect(gapOf({ ...lacks(3), open: [grown(6.9)] })).not.toHaveProperty("isOver");
  expect(gapOf({ ...lacks(3), open: [grown(7)] })).toMatchObject({ isOver: true, detail: { count: 3, lost: 3 } });
  // One more of it, or another epoch: the week begins again.
  expect(gapOf({ ...lacks(4), open: [grown(7)] })).toMatchObject({
    detail: { count: 4, grownOn: ago(0).toISOString() },
  });
  expect(gapOf({ ...lacks(3, 2), open: [grown(7)] })).not.toHaveProperty("isOver");
  expect(gapOf({ ...lacks(3), lost: 3 })).toBeUndefined();
  expect(gapOf({ ...lacks(5), lost: 3 })).toMatchObject({ detail: { count: 2 } });
  expect(gapOf({ ...lacks(5), lost: 3, open: [grown(7, 2)] })).toMatchObject({ isOver: true, detail: { lost: 5 } });
});

test("What is missing because it is damaged is told of as that, and as no gap", () => {
  const damaged = said({ buffer: { rows: 3, bytes: 1, oldestAt: null, damaged: 3 } });
  expect(gapOf({ ...lacks(3), ...damaged })).toBeUndefined();
  expect(gapOf({ ...lacks(4), ...damaged })).toMatchObject({ detail: { count: 1 } });
});

test("On a busy site a restore is over when all is sent that there was when it was heard of", () => {
  const heard = (lowestUnacked: number | null, lastSeq: number, detail: object = {}, damaged = 0): Partial<Facts> => ({
    centralEpoch: 2,
    open: [alert("restored", { ...detail })],
    ...said({ centralEpoch: 2, lastSeq, buffer: { rows: 5, bytes: 1, oldestAt: null, lowestUnacked, damaged } }),
  });
  expect(findProblems(facts(heard(20, 100)), NOW, 0)).toMatchObject([{ kind: "restored", detail: { upTo: 100 } }]);
  expect(kinds(heard(100, 130, { upTo: 100 }))).toEqual(["restored"]);
  expect(kinds(heard(101, 130, { upTo: 100 }))).toEqual([]);
  expect(kinds(heard(null, 130, { upTo: 100 }))).toEqual(["restored"]);
  expect(kinds(heard(null, 130, { upTo: 100 }, 5))).toEqual(["damaged"]);
});

test("A restore is over when the collector has heard of it, nothing is missing, and it said so afterwards", () => {
  const open = [alert("restored")];
  const heard = { centralEpoch: 2, open };
  expect(kinds({ ...heard, ...said({ centralEpoch: 1 }) })).toEqual(["restored"]);
  expect(kinds({ ...heard, ...said({ centralEpoch: 2 }), missing: null })).toEqual(["restored"]);
  expect(kinds({ ...heard, ...said({ centralEpoch: 2 }), heartbeatAt: ago(61) })).toEqual(["restored"]);
  expect(kinds({ ...heard, ...said({ centralEpoch: 2 }) })).toEqual([]);
  // A collector of protocol 1 says nothing of epochs.
  expect(kinds(heard)).toEqual([]);
});

test("A changed device is told of for a day after it was last heard", () => {
  const heard = (hours: number) => [alert("device_changed", { at: ago(hours * 3600).toISOString() })];
  expect(kinds({ open: heard(23.9) })).toEqual(["device_changed"]);
  expect(kinds({ open: heard(24) })).toEqual([]);
});
