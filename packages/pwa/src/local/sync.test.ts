/** What is written to the device: order, caps, repeats, resuming and wiping. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { aDetection, anAlert, uuidOf } from "../builders.ts";
import { says, standIn } from "../stand-in.ts";
import { trpc } from "../trpc.ts";
import { ALERTS_KEPT, DETECTIONS_KEPT, type LocalDb, openLocalDb, readAlerts, readDetections, readFact } from "./db.ts";
import {
  endedByTime,
  forgetOldAlerts,
  forgetRowsIfChanged,
  pullAlerts,
  pullDetections,
  storeAlerts,
  storeDetections,
  storeFacts,
  wipe,
} from "./sync.ts";

const central = standIn();
let db: LocalDb;
let databases = 0;

beforeEach(async () => {
  db = await openLocalDb(`test-${++databases}`);
});
afterEach(() => db.close());

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, place) => from + place);

test("alerts are read newest first", async () => {
  await storeAlerts(db, [anAlert(1), anAlert(3), anAlert(2)], 3);
  expect((await readAlerts(db)).map((alert) => alert.id)).toEqual([3, 2, 1].map(uuidOf));
});

test("an alert that arrives twice is kept once, and an older version never replaces a newer one", async () => {
  await storeAlerts(db, [anAlert(1, { change: 9, state: "acknowledged" })], 9);
  await storeAlerts(db, [anAlert(1, { change: 5 }), anAlert(1, { change: 5 })], null);
  expect((await readAlerts(db)).map(({ change, state }) => ({ change, state }))).toEqual([
    { change: 9, state: "acknowledged" },
  ]);
});

test("the newest 200 alerts are kept and the oldest go", async () => {
  await storeAlerts(
    db,
    numbers(1, ALERTS_KEPT + 5).map((number) => anAlert(number)),
    205,
  );
  const kept = await readAlerts(db);
  expect(kept).toHaveLength(ALERTS_KEPT);
  expect(kept.at(-1)?.id).toBe(uuidOf(6));
});

test("the newest 300 detections are kept, a repeated one replaces itself", async () => {
  await storeDetections(
    db,
    numbers(1, DETECTIONS_KEPT + 1).map((number) => aDetection(number)),
  );
  await storeDetections(db, [aDetection(301, { images: { crop: "/api/evidence/301/crop", full: null } })]);
  const kept = await readDetections(db);
  expect(kept).toHaveLength(DETECTIONS_KEPT);
  expect(kept[0]?.images.crop).toBe("/api/evidence/301/crop");
  expect(kept.at(-1)?.id).toBe(uuidOf(2));
});

test("the cursor never goes back", async () => {
  await storeAlerts(db, [], 12);
  await storeAlerts(db, [], 7);
  expect(await readFact(db, "alertCursor")).toBe(12);
});

test("fetching alerts goes on from the stored cursor until there are no more", async () => {
  await storeAlerts(db, [anAlert(1)], 1);
  const asked = central.on("alerts.since", ({ cursor }) =>
    says(
      cursor === 1 ? { alerts: [anAlert(2)], cursor: 2, more: true } : { alerts: [anAlert(3)], cursor: 3, more: false },
    ),
  );
  await pullAlerts(db, trpc);
  expect(asked.map((input) => input["cursor"])).toEqual([1, 2]);
  expect(await readAlerts(db)).toHaveLength(3);
  expect(await readFact(db, "alertCursor")).toBe(3);
});

test("a device without alerts asks for the newest", async () => {
  const asked = central.on("alerts.since", () => says({ alerts: [], cursor: 0, more: false }));
  await pullAlerts(db, trpc);
  expect(asked).toEqual([{ cursor: null }]);
});

const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

test("fetching detections ends at an hour, before central would ask what for", async () => {
  const pages = [0, 20, 40, 54, 58, 70];
  const asked = central.on("detections.recent", ({ cursor }) => {
    const place = cursor === undefined ? 0 : Number(cursor);
    return says({
      detections: [aDetection(place + 1, { detectedAt: minutesAgo(pages[place] ?? 0) })],
      cursor: String(place + 1),
    });
  });
  await pullDetections(db, trpc);
  // The page that reaches 58 minutes back is the last: nothing is asked for from there.
  expect(asked.map((input) => input["cursor"])).toEqual([undefined, "1", "2", "3", "4"]);
});

test("a device in a quiet place keeps the first page, however old, and asks for no other", async () => {
  const asked = central.on("detections.recent", () =>
    says({ detections: [aDetection(1, { detectedAt: minutesAgo(60 * 30) })], cursor: "a" }),
  );
  await pullDetections(db, trpc);
  expect(asked).toHaveLength(1);
  expect(await readDetections(db)).toHaveLength(1);
});

test("fetching detections stops at one that is held already", async () => {
  const seen = (number: number) => aDetection(number, { detectedAt: minutesAgo(5 - number) });
  await storeDetections(db, [seen(1)]);
  const asked = central.on("detections.recent", ({ cursor }) =>
    says(
      cursor === undefined
        ? { detections: [seen(4), seen(3)], cursor: "a" }
        : { detections: [seen(2), seen(1)], cursor: "b" },
    ),
  );
  await pullDetections(db, trpc);
  expect(asked).toHaveLength(2);
  expect((await readDetections(db)).map((detection) => detection.id)).toEqual([4, 3, 2, 1].map(uuidOf));
});

test("wiping leaves nothing, and no cursor that would skip alerts afterwards", async () => {
  await storeAlerts(db, [anAlert(1)], 1);
  await storeDetections(db, [aDetection(1)]);
  await storeFacts(db, { asOf: 1 });
  await wipe(db);
  expect([await readAlerts(db), await readDetections(db), await db.getAll("facts")]).toEqual([[], [], []]);
});

const MIRI = {
  id: uuidOf(7),
  email: "miri@example.org",
  name: "Miri",
  role: "operator",
  area: null,
  trainedOn: null,
} as const;

test("a role or an area that was changed takes away what was fetched before", async () => {
  for (const change of [{ role: "viewer" }, { area: "North" }, { id: uuidOf(8) }] as const) {
    await storeFacts(db, { user: MIRI });
    await storeAlerts(db, [anAlert(1)], 1);
    await storeDetections(db, [aDetection(1)]);
    expect(await forgetRowsIfChanged(db, { ...MIRI, ...change })).toBe(true);
    expect([await readAlerts(db), await readDetections(db), await readFact(db, "alertCursor")]).toEqual([
      [],
      [],
      undefined,
    ]);
  }
});

test("a viewer's device drops alerts after 72 hours by itself, and nobody else's does", async () => {
  const at = (hours: number): number => Date.UTC(2026, 10, 22, 20) + hours * 3_600_000;
  const fill = () =>
    storeAlerts(
      db,
      [0, 1, 2].map((hour) => anAlert(hour + 1, { createdAt: new Date(at(hour)).toISOString() })),
      3,
    );
  const kept = async () => (await readAlerts(db)).map((alert) => alert.id);
  await fill();
  await storeFacts(db, { user: MIRI });
  await forgetOldAlerts(db, at(1000));
  expect(await kept()).toEqual([3, 2, 1].map(uuidOf));
  await storeFacts(db, { user: { ...MIRI, role: "viewer" } });
  await forgetOldAlerts(db, at(72));
  expect(await kept()).toEqual([3, 2, 1].map(uuidOf));
  await forgetOldAlerts(db, at(73.5));
  expect(await kept()).toEqual([uuidOf(3)]);
  // Where to go on stays: what was dropped is not fetched again.
  expect(await readFact(db, "alertCursor")).toBe(3);
});

test("a new name or a new training takes nothing away", async () => {
  await storeFacts(db, { user: MIRI });
  await storeAlerts(db, [anAlert(1)], 1);
  expect(await forgetRowsIfChanged(db, { ...MIRI, name: "Miri L.", trainedOn: "2026-11-22" })).toBe(false);
  expect(await readAlerts(db)).toHaveLength(1);
});

test("a session ends by its own times, also while central is away", async () => {
  const at = (minutes: number): number => Date.UTC(2026, 10, 22, 20, minutes);
  expect(await endedByTime(db, at(0))).toBeNull();
  await storeFacts(db, {
    idleExpiresAt: new Date(at(30)).toISOString(),
    expiresAt: new Date(at(50)).toISOString(),
  });
  expect([await endedByTime(db, at(29)), await endedByTime(db, at(30)), await endedByTime(db, at(50))]).toEqual([
    null,
    "idle",
    "expired",
  ]);
});
