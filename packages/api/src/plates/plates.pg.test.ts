/** One plate: its timeline, its way, its company, what people note, and what they keep (corrections.pg.test.ts: correct). */
import { stopsOf } from "@chaverim/contracts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aDetection, aDetectionId, sendBatch } from "../testing/batches.ts";
import { type TestCentral, type TestCollector, openTestCentral } from "../testing/central.ts";
import { type Browser, failureOf } from "../testing/people.ts";

let central: TestCentral;
let collector: TestCollector;
let operator: Browser;
const beganMs = Date.UTC(2026, 5, 1, 6);
const at = (seconds: number) => new Date(beganMs + seconds * 1000).toISOString();
beforeAll(async () => {
  central = await openTestCentral();
  collector = await central.addCollector(["one", "two", "three", "four"]);
  await central.sql`update cameras set lat = 32 + length(key) * 0.1, lon = 34.8 where key <> 'four'`;
  operator = await central.signIn("operator");
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

type Seen = { plate: string; cameraId: string; capturedAt: string };
const see = async (...seen: Seen[]): Promise<string[]> => {
  const detections = seen.map((one) => aDetection({ id: aDetectionId(), ...one }));
  await sendBatch(central.url, collector.apiKey, detections);
  return detections.map(({ id }) => id);
};
const cameraIdOf = async (key: string): Promise<string> =>
  (await central.sql<{ id: string }[]>`select id from cameras where key = ${key}`)[0]?.id ?? "";

test("A timeline goes from page to page, by camera and time, with look-alikes where they are asked for", async () => {
  await see(
    { plate: "TIME80", cameraId: "one", capturedAt: at(0) },
    { plate: "TIME8O", cameraId: "two", capturedAt: at(100) },
    { plate: "TIME80", cameraId: "two", capturedAt: at(200) },
    { plate: "TIME80", cameraId: "one", capturedAt: at(300) },
  );
  const { timeline } = operator.trpc.detections;
  const told = async (asked: Parameters<typeof timeline.query>[0]) =>
    (await timeline.query(asked)).detections.map(({ plate, detectedAt }) => [plate.text, detectedAt]);
  expect(await told({ plate: "time-80" })).toEqual([
    ["TIME80", at(300)],
    ["TIME80", at(200)],
    ["TIME80", at(0)],
  ]);
  expect(await told({ plate: "TIME80", lookAlikes: true, from: at(50), to: at(250) })).toEqual([
    ["TIME80", at(200)],
    ["TIME8O", at(100)],
  ]);
  expect(await told({ plate: "TIME80", cameraId: await cameraIdOf("two") })).toEqual([["TIME80", at(200)]]);
  const first = await timeline.query({ plate: "TIME80", lookAlikes: true, limit: 2 });
  const next = await timeline.query({ plate: "TIME80", lookAlikes: true, limit: 2, cursor: first.cursor ?? "" });
  expect([...first.detections, ...next.detections].map(({ detectedAt }) => detectedAt)).toEqual([
    at(300),
    at(200),
    at(100),
    at(0),
  ]);
  expect(next.cursor).toBeNull();
});

test("A route is the first readings in the order of time, with where each camera stands", async () => {
  await see(
    { plate: "ROUTE1", cameraId: "one", capturedAt: at(0) },
    { plate: "ROUTE1", cameraId: "one", capturedAt: at(5) },
    { plate: "ROUTE1", cameraId: "three", capturedAt: at(600) },
    { plate: "ROUTE1", cameraId: "four", capturedAt: at(1200) },
  );
  const route = await operator.trpc.plates.route.query({ plate: "ROUTE1" });
  const told = stopsOf(route).map(({ cameraName, atMs, position }) => [cameraName, atMs, position?.lat ?? null]);
  expect(told).toEqual([
    ["one", Date.parse(at(0)), 32.3],
    ["three", Date.parse(at(600)), 32.5],
    ["four", Date.parse(at(1200)), null],
  ]);
  expect(route).toMatchObject({ truncated: false, cameras: [{ name: "one" }, { name: "three" }, { name: "four" }] });
  const later = await operator.trpc.plates.route.query({ plate: "ROUTE1", from: at(300), to: at(1200) });
  expect(stopsOf(later).map(({ cameraName }) => cameraName)).toEqual(["three"]);
});

test("Company is who was at three cameras at the same time; twice is chance", async () => {
  const together = ["one", "two", "three"].flatMap((cameraId, index) => [
    { plate: "LEADER", cameraId, capturedAt: at(10_000 + index * 1000) },
    { plate: "TAIL", cameraId, capturedAt: at(10_012 + index * 1000) },
    // Forty seconds behind is somebody else's journey.
    { plate: "LATER", cameraId, capturedAt: at(10_040 + index * 1000) },
    ...(index < 2 ? [{ plate: "CHANCE", cameraId, capturedAt: at(10_005 + index * 1000) }] : []),
  ]);
  await see(...together, { plate: "TAIL", cameraId: "one", capturedAt: at(20_000) });
  const { companions } = await operator.trpc.plates.seenWith.query({ plate: "LEADER" });
  expect(companions).toMatchObject([{ plate: "TAIL", cameras: 3, meetings: 3, lastMetAt: at(12_012) }]);
  expect(
    companions[0]?.examples.map(({ cameraName, at: when, secondsApart }) => [cameraName, when, secondsApart]),
  ).toEqual([
    ["three", at(12_012), 12],
    ["two", at(11_012), 12],
    ["one", at(10_012), 12],
  ]);
  expect((await operator.trpc.plates.seenWith.query({ plate: "LEADER", from: at(10_500) })).companions).toEqual([]);
});

test("A plate's page counts by camera and by hour of the organisation's day, and has notes and who watches it", async () => {
  const { timeZone } = (await central.central.policy.current()).settings;
  await see(
    { plate: "PAGE42", cameraId: "one", capturedAt: at(0) },
    { plate: "PAGE42", cameraId: "one", capturedAt: at(3600) },
    { plate: "PAGE42", cameraId: "one", capturedAt: at(3610) },
    { plate: "PAGE42", cameraId: "two", capturedAt: at(3700) },
  );
  const [list] = await operator.trpc.watchlists.list.query();
  await operator.trpc.watchlists.addEntry.mutate({ watchlistId: list?.id ?? "", plate: "PAGE 42", reason: "stolen" });
  await operator.trpc.plates.addNote.mutate({ plate: "page42", text: "The neighbour's." });
  const page = await operator.trpc.plates.read.query({ plate: "PAGE-42" });
  expect(page).toMatchObject({
    sightings: 4,
    firstSeen: at(0),
    lastSeen: at(3700),
    latest: { detectedAt: at(3700) },
    entries: [{ list: list?.name, reason: "stolen" }],
    notes: [{ text: "The neighbour's.", by: "A operator" }],
  });
  // The reading of ten seconds later is the same car still standing there.
  expect(page.cameras.map(({ name, sightings }) => [name, sightings])).toEqual([
    ["one", 2],
    ["two", 1],
  ]);
  const hourOf = (time: string) =>
    Number(new Intl.DateTimeFormat("en", { timeZone, hour: "2-digit", hourCycle: "h23" }).format(new Date(time)));
  expect(page.cameras[0]?.hours.map((count, hour) => (count > 0 ? hour : -1)).filter((hour) => hour >= 0)).toEqual(
    [hourOf(at(0)), hourOf(at(3600))].toSorted((a, b) => a - b),
  );
  expect(await operator.trpc.plates.read.query({ plate: "NEVER1" })).toMatchObject({
    sightings: 0,
    firstSeen: null,
    cameras: [],
  });
});

test("Without a plate, detections are found by place, time and vehicle, and those of which none was read", async () => {
  await sendBatch(central.url, collector.apiKey, [
    aDetection({
      id: aDetectionId(),
      plate: "FIND1",
      cameraId: "one",
      capturedAt: at(50_000),
      vehicle: { color: "red", make: "Seat" },
    }),
    aDetection({
      id: aDetectionId(),
      plate: "FIND2",
      cameraId: "two",
      capturedAt: at(50_100),
      vehicle: { color: "red", make: "Fiat" },
    }),
    aDetection({ id: aDetectionId(), plate: "UNKNOWN", cameraId: "two", capturedAt: at(50_200) }),
  ]);
  const { find } = operator.trpc.detections;
  const within = { from: at(49_000), to: at(51_000) };
  const plates = async (filters: object, unread = false) =>
    (await find.query({ filters: { ...within, ...filters }, unread })).detections.map(({ plate }) => plate.text);
  expect(await plates({ vehicle: "red" })).toEqual(["FIND2", "FIND1"]);
  expect(await plates({ vehicle: "seat red" })).toEqual(["FIND1"]);
  expect(await plates({ cameraIds: [await cameraIdOf("two")] })).toEqual(["UNKNOWN", "FIND2"]);
  expect(await plates({}, true)).toEqual(["UNKNOWN"]);
  const first = await find.query({ filters: within, limit: 2 });
  const next = await find.query({ filters: within, limit: 2, cursor: first.cursor ?? "" });
  expect([first.detections.length, next.detections.length, next.cursor]).toEqual([2, 1, null]);
});

test("A file has what was found, its formulas are text, and a file of everything is refused", async () => {
  await see({ plate: "FILE77", cameraId: "one", capturedAt: at(60_000) });
  await central.sql`update cameras set name = '=cmd()' where key = 'one'`;
  const { export: write } = operator.trpc.detections;
  const csv = await write.mutate({ plate: "FILE77", format: "csv", recipient: "Sgt. Levi" });
  expect(csv.detections).toBe(1);
  expect(csv.text).toContain(`"'=cmd()"`);
  const json = JSON.parse(
    (await write.mutate({ plate: "FILE77", format: "json", recipient: "Sgt. Levi" })).text,
  ) as object;
  expect(json).toMatchObject({
    recipient: "Sgt. Levi",
    asked: { plate: "FILE77" },
    detections: [{ plate: { text: "FILE77" } }],
  });
  expect(await failureOf(write.mutate({ format: "csv", recipient: "Sgt. Levi" }))).toBe("invalid");
  expect(await failureOf(write.mutate({ plate: "FILE77", format: "csv", recipient: " " }))).toBe("invalid");
  const [entry] = await central.sql<{ recipient: string }[]>`
    select recipient from access_log where action = 'detections.export' and outcome = 'ok' order by id desc limit 1`;
  expect(entry?.recipient).toBe("Sgt. Levi");
  await central.sql`update cameras set name = 'one' where key = 'one'`;
});

test("Each person keeps searches of their own", async () => {
  const other = await central.signIn("operator");
  const { searches } = operator.trpc;
  const { id } = await searches.save.mutate({
    name: "Half",
    plate: "12?5*",
    way: "similar",
    filters: { area: "north" },
  });
  expect(await searches.list.query()).toMatchObject([{ id, name: "Half", text: "12?5*", filters: { area: "north" } }]);
  expect(await other.trpc.searches.list.query()).toEqual([]);
  expect(await failureOf(other.trpc.searches.remove.mutate({ id }))).toBe("not_found");
  await searches.remove.mutate({ id });
  expect(await searches.list.query()).toEqual([]);
});

test("A search by filters alone is kept as it was asked, and one for nothing is not", async () => {
  const { searches } = (await central.signIn("operator")).trpc;
  const kept = { way: "similar", filters: { vehicle: "white van", minConfidence: 0.75 } } as const;
  await searches.save.mutate({ name: "Vans", plate: "", ...kept });
  await searches.save.mutate({ name: "Unread", plate: " ", way: "similar", filters: {}, unread: true });
  expect(await searches.list.query()).toMatchObject([
    { name: "Unread", text: "", filters: {}, unread: true },
    { name: "Vans", text: "", ...kept, unread: false },
  ]);
  expect(await failureOf(searches.save.mutate({ name: "Nothing", plate: "", way: "similar", filters: {} }))).toBe(
    "invalid",
  );
});

test("The map tells of every camera in reach: where, how it is, and what it saw by hour", async () => {
  const now = new Date().toISOString();
  await see({ plate: "MAP1", cameraId: "one", capturedAt: now }, { plate: "MAP2", cameraId: "one", capturedAt: now });
  const { source, cameras } = await operator.trpc.map.cameras.query();
  expect(source.kind).toBe("builtin");
  const one = cameras.find(({ name }) => name === "one");
  expect(one).toMatchObject({ position: { lat: 32.3, lon: 34.8 }, health: "live" });
  expect([one?.perHour.length, one?.perHour.at(-1)]).toEqual([24, 2]);
  expect(cameras.find(({ name }) => name === "four")?.position).toBeNull();
  await central.sql`update cameras set area = 'east' where key = 'two'`;
  const viewer = await central.signIn("viewer", { area: "east" });
  expect((await viewer.trpc.map.cameras.query()).cameras.map(({ name }) => name)).toEqual(["two"]);
});

test("A watched pattern and one that forgives a mistake ring, and say why", async () => {
  const [list] = await operator.trpc.watchlists.list.query();
  const watchlistId = list?.id ?? "";
  await operator.trpc.watchlists.addEntry.mutate({
    watchlistId,
    plate: "77?99*",
    reason: "half seen",
    match: "pattern",
  });
  await operator.trpc.watchlists.addEntry.mutate({
    watchlistId,
    plate: "NEAR567",
    reason: "hit and run",
    match: "near",
  });
  expect(
    await failureOf(
      operator.trpc.watchlists.addEntry.mutate({ watchlistId, plate: "*7*", reason: "vague", match: "pattern" }),
    ),
  ).toBe("invalid");
  await see(
    { plate: "7719955", cameraId: "one", capturedAt: new Date().toISOString() },
    { plate: "NEARS68", cameraId: "two", capturedAt: new Date().toISOString() },
    { plate: "NEARX99", cameraId: "two", capturedAt: new Date().toISOString() },
  );
  await expect
    .poll(async () =>
      (await central.sql<{ plate: string }[]>`select plate from alerts order by plate`).map(({ plate }) => plate),
    )
    .toEqual(["7719955", "NEARS68"]);
  const { alerts } = await operator.trpc.alerts.since.query({ cursor: null });
  expect(new Map(alerts.map(({ detection, match }) => [detection.plate.text, match.kind]))).toEqual(
    new Map([
      ["7719955", "pattern"],
      ["NEARS68", "near"],
    ]),
  );
});
