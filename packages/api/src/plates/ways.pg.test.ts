/** Every way of asking for a plate finds what it promises, says why, and ends with a sentence where it promises nothing. */
import { type SearchWay, usualMistakes } from "@chaverim/contracts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lookInTime } from "../detections/ask-in-time.ts";
import { aDetection, sendBatch } from "../testing/batches.ts";
import { type TestCentral, type TestCollector, openTestCentral } from "../testing/central.ts";
import { type Browser, failureOf } from "../testing/people.ts";
import { findCandidates } from "./candidates.ts";

let central: TestCentral;
let collector: TestCollector;
let operator: Browser;
const DAY_MS = 86_400_000;
const beganMs = Date.now() - 3 * DAY_MS;
const at = (seconds: number) => new Date(beganMs + seconds * 1000).toISOString();

const seen = [
  { plate: "1285671", cameraId: "north", capturedAt: at(0), vehicle: { color: "white", type: "van", direction: "in" } },
  {
    plate: "1285671",
    cameraId: "south",
    capturedAt: at(3600),
    vehicle: { color: "white", type: "van", direction: "out" },
  },
  { plate: "1235671", cameraId: "north", capturedAt: at(100), vehicle: { color: "red", make: "Seat" } },
  { plate: "128567", cameraId: "north", capturedAt: at(200) },
  { plate: "1286571", cameraId: "north", capturedAt: at(300) },
  { plate: "ABK4410", cameraId: "south", capturedAt: at(400) },
  { plate: "A8X4410", cameraId: "south", capturedAt: at(500) },
];
beforeAll(async () => {
  central = await openTestCentral();
  collector = await central.addCollector(["north", "south"]);
  await central.sql`update cameras set area = key`;
  operator = await central.signIn("operator");
  await sendBatch(
    central.url,
    collector.apiKey,
    seen.map((one) => aDetection(one)),
  );
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

const search = (plate: string, way: SearchWay, more: object = {}) =>
  operator.trpc.detections.search.query({ plate, way, ...more });
const found = async (...asked: Parameters<typeof search>) =>
  (await search(...asked)).hits.map(({ plate, match }) => `${plate} ${match.kind}`);

test("A search that forgives finds one mistake of any kind, the likelier ones first, and names each", async () => {
  const { hits } = await search("1285671", "similar");
  expect(hits.map(({ plate }) => plate)).toEqual(["1285671", "1235671", "1286571", "128567"]);
  expect(hits.map(({ match }) => [match.kind, match.differences])).toEqual([
    ["exact", []],
    ["near", [{ index: 2, listed: "8", read: "3" }]],
    ["near", [{ index: 3, listed: "56", read: "65" }]],
    ["near", [{ index: 6, listed: "1", read: "" }]],
  ]);
  expect(hits[0]).toMatchObject({ sightings: 2, latest: { camera: { name: "south" } } });
});

test("Each way finds what it promises and no more", async () => {
  expect(await found("1285671", "exact")).toEqual(["1285671 exact"]);
  expect(await found("I28S67L", "look-alike")).toEqual(["1285671 look-alike"]);
  expect(await found("12?5671", "exact")).toEqual(["1285671 pattern", "1235671 pattern"]);
  expect(await found("128*", "similar")).toEqual(["1285671 pattern", "128567 pattern", "1286571 pattern"]);
  expect(await found("441", "contains")).toEqual(["A8X4410 pattern", "ABK4410 pattern"]);
  // Two mistakes that nobody foresees: 9 for 2 and W for 7.
  expect(await found("19856W1", "similar")).toEqual([]);
  expect(await found("19856W1", "harder")).toContain("1285671 near");
});

test("Filters choose plates by where, when and what was seen, and leave what is known of each as it is", async () => {
  const filtered = (filters: object) => found("1*", "similar", { filters });
  const [south] = await central.sql<{ id: string }[]>`select id from cameras where key = 'south'`;
  expect(await failureOf(filtered({}))).toBe("invalid");
  const asked = (filters: object) => found("12*", "similar", { filters });
  expect(await asked({ cameraIds: [south?.id ?? ""] })).toEqual(["1285671 pattern"]);
  expect(await asked({ area: "south" })).toEqual(["1285671 pattern"]);
  expect(await asked({ from: at(150), to: at(350) })).toEqual(["128567 pattern", "1286571 pattern"]);
  expect(await asked({ vehicle: "white VAN" })).toEqual(["1285671 pattern"]);
  expect(await asked({ vehicle: "%" })).toEqual([]);
  expect(await asked({ direction: "out" })).toEqual(["1285671 pattern"]);
  expect(await asked({ listed: true })).toEqual([]);
  expect((await search("12*", "similar", { filters: { direction: "out" } })).hits[0]?.sightings).toBe(2);
});

test("Pages of a search leave none out and repeat none", async () => {
  const whole = await found("12*", "similar", { limit: 100 });
  const read: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await search("12*", "similar", { limit: 1, ...(cursor === null ? {} : { cursor }) });
    read.push(...page.hits.map(({ plate, match }) => `${plate} ${match.kind}`));
    cursor = page.cursor;
  } while (cursor !== null);
  expect(read).toEqual(whole);
  expect(await failureOf(search("12*", "similar", { cursor: "0_1_%" }))).toBe("invalid");
});

test.each([
  "*",
  "???",
  "*1*",
  "'; drop table plates; --",
  "%%%%",
  "🚗",
  "אבג",
  "．＊＋",
  "A".repeat(200),
  "*A".repeat(40),
])("%j is answered with a sentence, or with what fits, at once", async (text) => {
  const startedAt = performance.now();
  expect(["invalid", "ok"]).toContain(await failureOf(search(text, "similar")));
  expect(performance.now() - startedAt).toBeLessThan(5000);
  expect((await search("1285671", "exact")).hits).toHaveLength(1);
});

test("Full-width digits are what they look like", async () => {
  expect(await found("１２８５６７１", "exact")).toEqual(["1285671 exact"]);
  expect(await found("１２？５６７１", "exact")).toContain("1285671 pattern");
});

test("A hard search that nobody waits for any more ends at the database", async () => {
  const leaving = new AbortController();
  const query = { kind: "plate", plate: "1285671", folded: "1285611", way: "harder" } as const;
  const everything = { filters: {}, reach: null };
  const ask = () =>
    lookInTime(central.sql, (one) => findCandidates(one, query, everything), { signal: leaving.signal });
  const waiting = async () =>
    (await central.sql`select 1 from pg_locks where relation = 'plates'::regclass and not granted`).length;
  await central.sql.begin(async (locking) => {
    // So that the question takes as long as it is let.
    await locking`lock table plates in access exclusive mode`;
    const told = ask().then(
      () => "an answer",
      (error: Error) => error.message,
    );
    await expect.poll(waiting).toBe(1);
    leaving.abort();
    expect(await told).toMatch(/takes too long/);
    await expect.poll(waiting).toBe(0);
  });
  // Who has gone before it began asks nothing at all.
  await expect(ask()).rejects.toThrow(/abort/);
});

test("No text makes more look-ups than a moment's worth", () => {
  expect(usualMistakes("1234567890123456").size).toBeLessThan(60_000);
});
