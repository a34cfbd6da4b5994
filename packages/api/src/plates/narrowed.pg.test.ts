/** Searches with filters, and those of viewers: nothing that fits is left out, and nothing out of reach is told by any way. */
import { DEFAULT_POLICY } from "@chaverim/contracts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aDetection, sendBatch } from "../testing/batches.ts";
import { type TestCentral, type TestCollector, openTestCentral } from "../testing/central.ts";
import { type Browser, failureOf } from "../testing/people.ts";

let central: TestCentral;
let collector: TestCollector;
let operator: Browser;
let viewer: Browser;
let cameras: Record<string, string>;
const HOUR_MS = 3_600_000;
const ago = (hours: number) => new Date(Date.now() - hours * HOUR_MS).toISOString();
beforeAll(async () => {
  central = await openTestCentral();
  await central.central.policy.set({ ...DEFAULT_POLICY, viewer: { dailyLooks: 10_000 } }, 0, null);
  collector = await central.addCollector(["North", "South"]);
  await central.sql`update cameras set area = key`;
  const rows = await central.sql<{ id: string; key: string }[]>`select id, key from cameras`;
  cameras = Object.fromEntries(rows.map(({ id, key }) => [key, id]));
  operator = await central.signIn("operator");
  viewer = await central.signIn("viewer", { area: "North" });
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

const see = (...seen: { plate: string; area: string; hoursAgo: number }[]) =>
  sendBatch(
    central.url,
    collector.apiKey,
    seen.map(({ plate, area, hoursAgo }) => aDetection({ plate, cameraId: area, capturedAt: ago(hoursAgo) })),
  );
type Asked = Parameters<Browser["trpc"]["detections"]["search"]["query"]>[0];
const search = async (browser: Browser, asked: Asked) => {
  await central.central.limits.forget("search", (await browser.trpc.auth.me.query()).user.id);
  return browser.trpc.detections.search.query(asked);
};
const plates = async (browser: Browser, asked: Asked) => (await search(browser, asked)).hits.map(({ plate }) => plate);

test("No filter tells a viewer of a detection in another area, of another day, or of a list that is not for the field", async () => {
  await see(
    { plate: "PROBE1", area: "North", hoursAgo: 1 },
    { plate: "PROBE1", area: "South", hoursAgo: 2 },
    { plate: "PROBE1", area: "North", hoursAgo: 300 },
  );
  const { id: watchlistId } = await operator.trpc.watchlists.create.mutate({
    name: "Office",
    priority: 1,
    field: false,
  });
  await operator.trpc.watchlists.addEntry.mutate({ watchlistId, plate: "PROBE1", reason: "quietly" });
  const asked = (filters: object) => ({ plate: "PROBE1", filters });
  const told = [
    { area: "South" },
    { cameraIds: [cameras["South"] ?? ""] },
    { from: ago(301), to: ago(299) },
    { listed: true },
  ];
  for (const filters of told) {
    expect([filters, await plates(viewer, asked(filters))]).toEqual([filters, []]);
    expect([filters, await plates(operator, asked(filters))]).toEqual([filters, ["PROBE1"]]);
  }
  expect(await plates(viewer, asked({ listed: false }))).toEqual(["PROBE1"]);
  expect(await plates(viewer, asked({ area: "North", from: ago(2) }))).toEqual(["PROBE1"]);
});

test("What a viewer turns pages by is the same whatever was seen out of reach", async () => {
  await see({ plate: "CURSE1", area: "North", hoursAgo: 1 }, { plate: "CURSE2", area: "North", hoursAgo: 1 });
  const asked = { plate: "CURSE*", limit: 1 };
  const before = await search(viewer, asked);
  await see(...Array.from({ length: 3 }, (_, index) => ({ plate: "CURSE2", area: "South", hoursAgo: 2 + index })));
  expect(await search(viewer, asked)).toEqual(before);
  expect(before.cursor).not.toBeNull();
  expect((await search(operator, asked)).hits[0]?.plate).toBe("CURSE2");
});

test("A car that passed once is found by place and time among more plates than a search lists", async () => {
  await central.sql`insert into plates (plate, folded, first_seen, last_seen, sightings)
    select 'MANY' || lpad(n::text, 5, '0'), fold_plate('MANY' || lpad(n::text, 5, '0')), now(), now(), 9
    from generate_series(1, 6000) n`;
  await see({ plate: "MANYX", area: "South", hoursAgo: 40 });
  const filters = { cameraIds: [cameras["South"] ?? ""], from: ago(41), to: ago(39) };
  expect(await search(operator, { plate: "MANY*" })).toMatchObject({ truncated: true });
  expect(await search(operator, { plate: "MANY*", filters })).toMatchObject({
    hits: [{ plate: "MANYX" }],
    cursor: null,
    truncated: false,
  });
  // What was typed to the letter is never among those that are left out.
  await central.sql`update plates set sightings = 1 where plate = 'MANY00001'`;
  expect((await search(operator, { plate: "MANY00001", way: "harder", limit: 1 })).hits[0]?.plate).toBe("MANY00001");
});

test("Pages of a search with filters leave none out and repeat none", async () => {
  const seen = Array.from({ length: 30 }, (_, index) => ({
    plate: `PAGED${index + 10}`,
    area: index % 3 === 0 ? "South" : "North",
    hoursAgo: 5 + index / 100,
  }));
  await see(...seen);
  const read: string[] = [];
  let cursor: string | null = null;
  do {
    const more: { cursor?: string } = cursor === null ? {} : { cursor };
    const page = await search(operator, { plate: "PAGED*", filters: { area: "South" }, limit: 3, ...more });
    read.push(...page.hits.map(({ plate }) => plate));
    cursor = page.cursor;
  } while (cursor !== null);
  expect(read).toEqual(seen.filter(({ area }) => area === "South").map(({ plate }) => plate));
});

test("A plate is watched when an entry would ring for it, however the entry is written", async () => {
  await see({ plate: "W4TCHED", area: "North", hoursAgo: 1 });
  const listed = async () => (await search(operator, { plate: "W4TCHED", way: "exact" })).hits[0]?.listed ?? null;
  const { id: watchlistId } = await operator.trpc.watchlists.create.mutate({ name: "Forms", priority: 2, field: true });
  for (const entry of [
    { plate: "W4TCHED", match: "exact" },
    { plate: "W4TCHE0", match: "look-alike" },
    { plate: "W4TCHE", match: "near" },
    { plate: "W4T?HED", match: "pattern" },
  ] as const) {
    expect([entry, await listed()]).toEqual([entry, null]);
    const { entry: added } = await operator.trpc.watchlists.addEntry.mutate({
      ...entry,
      watchlistId,
      reason: "stolen",
    });
    expect([entry, await listed()]).toEqual([entry, 2]);
    expect((await operator.trpc.plates.read.query({ plate: "W4TCHED" })).entries).toMatchObject([{ list: "Forms" }]);
    await operator.trpc.watchlists.removeEntry.mutate({ id: added.id });
  }
});

test("A search that takes too long ends with a sentence, and the database is free again", async () => {
  await see({ plate: "SLOWLY1", area: "North", hoursAgo: 1 });
  await central.sql.begin(async (locking) => {
    // So that the question takes as long as it is let.
    await locking`lock table plates in access exclusive mode`;
    const { detections, plates: page } = operator.trpc;
    const told = await Promise.all(
      [
        detections.search.query({ plate: "SLOWLY1" }),
        detections.timeline.query({ plate: "SLOWLY1", lookAlikes: true }),
        page.read.query({ plate: "SLOWLY1" }),
      ].map(failureOf),
    );
    expect(told).toEqual(["too_slow", "too_slow", "too_slow"]);
    expect(await central.sql`select 1 from pg_locks where not granted`).toEqual([]);
  });
}, 20_000);
