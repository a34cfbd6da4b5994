/** What the access log holds of a search: all that was asked for, and a plate only where one was asked for or shown. */
import { randomUUID } from "node:crypto";
import type { Database } from "@chaverim/db/open";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aDetection, sendBatch } from "../testing/batches.ts";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { type Browser, failureOf } from "../testing/people.ts";
import { plateOf, recordsOf } from "./append.ts";
import { openOwner, writeEntries } from "./testing/entries.ts";

let central: TestCentral;
let owner: Database;
let admin: Browser;
let operator: Browser;
let operatorId: string;
let cameraIds: string[];
beforeAll(async () => {
  central = await openTestCentral();
  owner = openOwner(central);
  [admin, operator] = [await central.signIn("admin"), await central.signIn("operator")];
  operatorId = (await operator.trpc.auth.me.query()).user.id;
  const collector = await central.addCollector(["gate", "bridge"]);
  const cameras = await central.sql<{ id: string }[]>`select id from cameras order by key`;
  cameraIds = cameras.map(({ id }) => id);
  await sendBatch(
    central.url,
    collector.apiKey,
    ["1285671", "1290001", "1290002", "KNOWN77", "WH0LE1", "AWH0LE1"].map((plate) => aDetection({ plate })),
  );
});
afterAll(async () => {
  await owner[Symbol.asyncDispose]();
  await central[Symbol.asyncDispose]();
});

const newestOf = async (action: string) => {
  const [row] = await central.sql<{ id: number; plate: string | null; filters: Record<string, unknown> }[]>`
    select id::float8 as id, plate, filters from access_log where action = ${action} order by id desc limit 1`;
  return row;
};
const whoLooked = async (plate: string) =>
  (await admin.trpc.accessLog.search.query({ plate, userId: operatorId })).entries.map(({ id }) => id);

describe("An entry names every filter", () => {
  const given = () => ({
    cameraIds,
    area: "north",
    from: "2026-01-01T00:00:00Z",
    to: "2026-12-31T00:00:00Z",
    listed: false,
    minConfidence: 0.5,
    direction: "north",
    vehicle: "white van",
  });
  const written = () => ({
    "filters.cameraIds": cameraIds.join(","),
    "filters.area": "north",
    "filters.from": "2026-01-01T00:00:00Z",
    "filters.to": "2026-12-31T00:00:00Z",
    "filters.listed": false,
    "filters.minConfidence": 0.5,
    "filters.direction": "north",
    "filters.vehicle": "white van",
  });

  test("of a search by place and time", async () => {
    await operator.trpc.detections.find.query({ filters: given(), unread: true });
    expect((await newestOf("detections.find"))?.filters).toEqual({ ...written(), unread: true });
  });

  test("of a search for a plate", async () => {
    await operator.trpc.detections.search.query({ plate: "known-77", way: "exact", filters: given() });
    const wanted = { plate: "known-77", way: "exact", ...written() };
    expect(await newestOf("detections.search")).toMatchObject({ plate: "KNOWN77", filters: wanted });
  });

  test("of an export", async () => {
    await operator.trpc.detections.export.mutate({ filters: given(), format: "csv", recipient: "The county" });
    const wanted = { format: "csv", recipient: "The county", ...written() };
    expect((await newestOf("detections.export"))?.filters).toEqual(wanted);
  });

  test("of a search that is kept", async () => {
    await operator.trpc.searches.save.mutate({ name: "Bridge", plate: "12*", way: "similar", filters: given() });
    const wanted = { name: "Bridge", plate: "12*", way: "similar", ...written() };
    expect(await newestOf("searches.save")).toMatchObject({ plate: null, filters: wanted });
  });

  test("of one that is refused", async () => {
    const find = operator.trpc.detections.find.query({ filters: { area: "north", minConfidence: 7 } });
    expect(await failureOf(find)).toBe("invalid");
    expect((await newestOf("detections.find"))?.filters).toEqual({
      "filters.area": "north",
      "filters.minConfidence": 7,
    });
  });
});

test("Of what is sent for filters those that exist are written down, cut, without what lies deeper", () => {
  const others = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`other${index}`, "x"]));
  const filters = {
    ...others,
    area: "a".repeat(2000),
    vehicle: { colour: "white" },
    cameraIds: ["a", { b: 1 }, null, 3],
  };
  expect(recordsOf("detections.find", { filters, unread: ["x"], cursor: { at: 1 } })).toEqual({
    "filters.area": "a".repeat(500),
    "filters.cameraIds": "a,3",
  });
  const hundred = Array.from({ length: 100 }, () => randomUUID());
  expect(recordsOf("detections.find", { filters: { cameraIds: hundred } })).toEqual({
    "filters.cameraIds": hundred.join(",").slice(0, 500),
  });
  for (const other of [null, "area", [{ area: "x" }], 7])
    expect(recordsOf("detections.find", { filters: other })).toEqual({});
});

describe("A part of a plate is no plate", () => {
  test.each([
    ["129?00*", "similar", "12900"],
    ["129*", "similar", "129"],
    ["１２９？＊", "similar", "129"],
    ["1*2", "similar", "12"],
    ["129000", "contains", "129000"],
  ] as const)("%s (%s) is not logged as %s, and nobody looked at that", async (plate, way, left) => {
    await failureOf(operator.trpc.detections.search.query({ plate, way }));
    const entry = await newestOf("detections.search");
    expect(entry).toMatchObject({ plate: null, filters: { plate, way } });
    expect(await whoLooked(left)).toEqual([]);
  });

  test("A plain one is logged, and whoever looked at it is found", async () => {
    await operator.trpc.detections.search.query({ plate: "55-667-88" });
    const entry = await newestOf("detections.search");
    expect(entry?.plate).toBe("5566788");
    expect(await whoLooked("5566788")).toEqual([entry?.id]);
  });

  test("When it shows one plate alone, that plate was looked at", async () => {
    const { hits } = await operator.trpc.detections.search.query({ plate: "12?5671" });
    expect(hits.map(({ plate }) => plate)).toEqual(["1285671"]);
    const entry = await newestOf("detections.search");
    expect(entry).toMatchObject({ plate: "1285671", filters: { plate: "12?5671" } });
    expect(await whoLooked("1285671")).toEqual([entry?.id]);
    expect(await whoLooked("125671")).toEqual([]);
  });

  test("When it shows the very plate that was typed beside others, that plate was looked at", async () => {
    const { hits } = await operator.trpc.detections.search.query({ plate: "wh0-le1", way: "contains" });
    expect(hits).toHaveLength(2);
    expect(await whoLooked("WH0LE1")).toEqual([(await newestOf("detections.search"))?.id]);
  });

  test("Where a door takes no part of a plate, wildcards hide no look", async () => {
    for (const look of [
      () => operator.trpc.plates.read.query({ plate: "HID?DEN*1" }),
      () => operator.trpc.detections.timeline.query({ plate: "HID?DEN*1" }),
    ])
      await look();
    expect(await whoLooked("HIDDEN1")).toHaveLength(2);
    expect(plateOf({ plate: "HID?DEN1", way: "contains" }, "plates.route")).toBe("HIDDEN1");
  });

  test("A pattern on a list names no plate either, and a plate on it does", () => {
    expect(plateOf({ plate: "12?5671", match: "pattern" }, "watchlists.addEntry")).toBeNull();
    expect(plateOf({ plate: "12?5671", match: "exact" }, "watchlists.addEntry")).toBe("125671");
    expect(plateOf({ plate: "1285671", match: "pattern" }, "watchlists.addEntry")).toBe("1285671");
  });

  test("An offline look for one is kept as it was typed", async () => {
    const deviceAt = new Date().toISOString();
    const aLook = (plate: string) => ({ id: randomUUID(), action: "detections.recent" as const, plate, deviceAt });
    await operator.trpc.accessLog.addOffline.mutate({ looks: [aLook("OFF?LINE9*")] });
    expect(await newestOf("detections.recent")).toMatchObject({ plate: null, filters: { plate: "OFF?LINE9*" } });
    expect(await whoLooked("OFFLINE9")).toEqual([]);
    await operator.trpc.accessLog.addOffline.mutate({ looks: [aLook("off-line 9")] });
    expect(await whoLooked("OFFLINE9")).toEqual([(await newestOf("detections.recent"))?.id]);
  });

  test("Entries without a plate of their own are found by the plate that was asked for, and never by a pattern", async () => {
    const at = new Date();
    const [plain] = await writeEntries(owner.sql, [
      { userId: operatorId, at, plate: null, filters: { plate: "only-in-1", way: "exact" } },
      { userId: operatorId, at, plate: null, filters: { plate: "only?in1" } },
      { userId: operatorId, at, plate: null, filters: { plate: "onlyin1＊" } },
      { userId: operatorId, at, plate: null, filters: { plate: "onlyin1", way: "contains" } },
    ]);
    expect(await whoLooked("ONLYIN1")).toEqual([plain]);
  });
});
