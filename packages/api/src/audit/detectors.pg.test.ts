/** What the detectors find in the access log, what they leave alone, and who is asked to judge it. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Database } from "@chaverim/db/open";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { aUser, failureOf } from "../testing/people.ts";
import { runDetectors } from "./detectors.ts";
import { type GivenEntry, aPolicy, openOwner, writeEntries } from "./testing/entries.ts";

let central: TestCentral;
let owner: Database;
let userId: string;
beforeAll(async () => {
  central = await openTestCentral();
  owner = openOwner(central);
});
// Each test has a person of its own, whose looks no other test counts.
beforeEach(async () => {
  userId = (await aUser(central.central, "operator")).id;
});
afterEach(async () => {
  await owner.sql`delete from notices`;
  await owner.sql`delete from reviews`;
  await owner.sql`delete from policies`;
  await owner.sql`delete from detector_progress where name = 'sample'`;
  await owner.sql`update users set disabled_at = now() where role = 'admin'`;
});
afterAll(async () => {
  await owner[Symbol.asyncDispose]();
  await central[Symbol.asyncDispose]();
});

const write = (entries: readonly Omit<GivenEntry, "userId">[], by = userId) =>
  writeEntries(
    owner.sql,
    entries.map((entry) => ({ userId: by, ...entry })),
  );
const at = (...times: string[]) => times.map((time) => ({ at: time }));
type Found = { kind: string; plate: string | null; period: string; ids: number[]; assignedTo: string | null };
const found = () => central.sql<Found[]>`
  select kind, plate, period, entry_ids::float8[] as ids, assigned_to as "assignedTo" from reviews order by kind, period`;
/** Puts policies in force at times of the past, and no others. */
const inForce = async (versions: readonly [since: string, samplePerMonth: number][]) => {
  await owner.sql`delete from policies`;
  for (const [since, samplePerMonth] of versions)
    await owner.sql`insert into policies (settings, set_at)
      values (${JSON.stringify(aPolicy({ samplePerMonth }))}::text::jsonb, ${new Date(since)})`;
};
/** A day in whose month nothing is drawn that a test does not want. */
const detect = async (settings = aPolicy({ nightLooks: 10_000 }), now = new Date("2026-11-22T12:00:00Z")) => {
  await runDetectors(central.sql, settings, now);
  return found();
};

const WEEK = ["2026-11-16T09:00Z", "2026-11-17T09:00Z", "2026-11-18T09:00Z", "2026-11-19T09:00Z", "2026-11-20T09:00Z"];

test("The fifth look at one plate within seven days is told, with all five; the fourth is not", async () => {
  const four = await write(at(...WEEK.slice(0, 4)));
  expect(await detect()).toEqual([]);
  const fifth = await write(at(...WEEK.slice(4)));
  expect(await detect()).toEqual([
    { kind: "repeat_plate", plate: "7ABC123", period: "2026-W47", ids: [...four, ...fifth], assignedTo: null },
  ]);
});

test("Looks with a case, of other plates, by others, at pictures, refused ones and old ones do not count", async () => {
  const other = await aUser(central.central, "operator");
  await write([
    ...at(...WEEK.slice(0, 4)).map((entry) => ({ ...entry, plate: "COUNTS" })),
    { at: "2026-11-20T09:00Z", plate: "COUNTS", caseNumber: "24-1" },
    { at: "2026-11-20T09:01Z", plate: "COUNTS2" },
    { at: "2026-11-20T09:02Z", plate: "COUNTS", action: "GET /api/evidence/:detectionId/crop" },
    { at: "2026-11-20T09:03Z", plate: "COUNTS", outcome: "denied", failure: "purpose_needed" },
  ]);
  await write([{ at: "2026-11-20T09:04Z", plate: "COUNTS" }], other.id);
  // Seven days and a second after the first.
  await write([{ at: "2026-11-23T09:00:01Z", plate: "COUNTS" }]);
  expect(await detect()).toEqual([]);
  await write([{ at: "2026-11-23T09:01:00Z", plate: "COUNTS", action: "detections.timeline" }]);
  expect(await detect()).toMatchObject([{ kind: "repeat_plate", plate: "COUNTS", period: "2026-W48" }]);
});

const PLATE_DOORS = ["plates.read", "detections.timeline", "plates.route", "plates.seenWith"];
/** The doors that the page of a plate opens, within one minute. */
const aVisit = (day: string, plate: string) =>
  PLATE_DOORS.map((action, second) => ({ at: `${day.slice(0, 16)}:0${second}Z`, plate, action }));

test.each(["detections.find", "detections.export", "plates.read", "plates.route", "plates.seenWith"])(
  "Whoever comes back to one plate through %s is found like any other",
  async (action) => {
    const ids = await write(at(...WEEK).map((entry) => ({ ...entry, plate: "DOORS1", action })));
    expect(await detect()).toMatchObject([{ kind: "repeat_plate", plate: "DOORS1", ids }]);
  },
);

test("One visit to the page of a plate is one look, whatever it opens, and a review names it once", async () => {
  const visit = async (day: string, plate = "V1SIT7") => (await write(aVisit(day, plate)))[0] ?? 0;
  const firsts: number[] = [];
  for (const day of WEEK.slice(0, 3)) firsts.push(await visit(day));
  firsts.push(await visit(WEEK[3] ?? ""));
  // The same minute in another spelling, read later than the rest.
  expect(await detect()).toEqual([]);
  await write([{ at: "2026-11-19T09:00:30Z", plate: "VISIT7", action: "plates.route" }]);
  expect(await detect()).toEqual([]);
  firsts.push(await visit(WEEK[4] ?? ""));
  expect(await detect()).toMatchObject([{ kind: "repeat_plate", plate: "V1SIT7", ids: firsts }]);
});

test("Look-alike spellings are looks at one plate, told as it was first spelled and however it goes on", async () => {
  const spellings = ["7OOKSB1", "70QKSB1", "TOOKSB1", "1DOK58L", "7OOK5BI", "IOOK58I"];
  const ids = await write(
    WEEK.concat("2026-11-20T10:00Z").map((time, day) => ({ at: time, plate: spellings[day] ?? "" })),
  );
  const [, , other] = ids;
  const looks = ids.filter((id) => id !== other);
  expect(await detect()).toMatchObject([{ kind: "repeat_plate", plate: "7OOKSB1", ids: looks }]);
  const sixth = await write([{ at: "2026-11-21T09:00Z", plate: "I00KS81" }]);
  expect(await detect()).toMatchObject([{ plate: "7OOKSB1", ids: [...looks, ...sixth] }]);
});

test("A finding is told once however often it is looked for; it grows while it is open, and not once it is decided", async () => {
  const ids = await write(at(...WEEK).map((entry) => ({ ...entry, plate: "ONCE" })));
  await detect();
  await owner.sql`delete from detector_progress`;
  expect((await detect()).filter(({ plate }) => plate === "ONCE")).toMatchObject([{ ids }]);
  await owner.sql`delete from reviews where plate <> 'ONCE'`;
  const sixth = await write([{ at: "2026-11-21T09:00Z", plate: "ONCE" }]);
  expect(await detect()).toMatchObject([{ plate: "ONCE", ids: [...ids, ...sixth] }]);
  const admin = await aUser(central.central, "admin");
  await owner.sql`update reviews set outcome = 'justified', decided_by = ${admin.id}, decided_at = now()`;
  await write([{ at: "2026-11-21T10:00Z", plate: "ONCE" }]);
  expect(await detect()).toMatchObject([{ plate: "ONCE", ids: [...ids, ...sixth] }]);
  const nextWeek = await write([{ at: "2026-11-23T08:00Z", plate: "ONCE" }]);
  const periods = (await detect()).map(({ period, ids: looks }) => [period, looks.includes(nextWeek[0] ?? 0)]);
  expect(periods).toEqual([
    ["2026-W47", false],
    ["2026-W48", true],
  ]);
});

test("Two processes that look at once tell a finding once", async () => {
  await write(at(...WEEK).map((entry) => ({ ...entry, plate: "TWICE" })));
  await Promise.all([detect(), detect(), detect()]);
  expect(await found()).toHaveLength(1);
});

test("A central that closes stops between two steps, and the next run misses nothing", async () => {
  await write(at(...WEEK).map((entry) => ({ ...entry, plate: "CLOSING" })));
  await runDetectors(central.sql, aPolicy(), new Date("2026-11-22T12:00:00Z"), AbortSignal.abort());
  expect(await found()).toEqual([]);
  expect(await detect()).toMatchObject([{ plate: "CLOSING" }]);
});

test("A plate that is looked at across a change of weeks is found, even when all is read at once", async () => {
  const times = ["2026-11-11T09:00Z", "2026-11-12T09:00Z", "2026-11-13T09:00Z", "2026-11-14T09:00Z"];
  const ids = await write(
    at(...times, "2026-11-16T09:00Z", "2026-11-22T23:00Z").map((entry) => ({ ...entry, plate: "ACROSS" })),
  );
  expect(await detect()).toMatchObject([{ period: "2026-W47", ids: ids.slice(0, 5) }]);
});

test("Whoever asks on after the day's checks is told of, with the checks of that day", async () => {
  const viewer = await central.signIn("viewer");
  const { policy } = central.central;
  const { version, settings } = await policy.current();
  await policy.set({ ...settings, viewer: { dailyLooks: 2 } }, version, null);
  for (const plate of ["FIRST1", "SECOND2"]) await viewer.trpc.detections.search.query({ plate });
  expect(await detect()).toEqual([]);
  expect(await failureOf(viewer.trpc.detections.search.query({ plate: "THIRD3" }))).toBe("budget_spent");
  const reviews = await detect();
  expect(reviews).toMatchObject([{ kind: "budget", plate: null, period: new Date().toISOString().slice(0, 10) }]);
  const plates =
    await central.sql`select plate from access_log where id = any(${reviews[0]?.ids ?? []}::bigint[]) order by id`;
  expect(plates.map(({ plate }) => plate as string)).toEqual(["FIRST1", "SECOND2", "THIRD3"]);
});

const NIGHT = { nightFrom: 22, nightTo: 5, nightLooks: 3, repeatLooks: 100 };

test("Many looks in one night of the organisation's clock are told under the day on which it began", async () => {
  const newYork = aPolicy(NIGHT, "America/New_York");
  // 21:59, 22:00, 00:30, 04:59 and 05:00 in New York (UTC-5).
  const ids = await write(
    at("2026-11-18T02:59Z", "2026-11-18T03:00Z", "2026-11-18T05:30Z", "2026-11-18T09:59:59Z", "2026-11-18T10:00Z"),
  );
  expect(await detect(newYork)).toMatchObject([{ kind: "odd_hours", period: "2026-11-17", ids: ids.slice(1, 4) }]);
});

test("Two looks a night are not many, however many nights, and what is night here is day elsewhere", async () => {
  await write(at("2026-11-18T03:00Z", "2026-11-18T05:30Z", "2026-11-19T03:00Z", "2026-11-19T05:30Z"));
  expect(await detect(aPolicy(NIGHT, "America/New_York"))).toEqual([]);
  const third = await write(at("2026-11-18T06:00Z"));
  const read = await central.sql`select read_to::float8 as id from detector_progress where name = 'odd_hours'`;
  expect(await detect(aPolicy(NIGHT, "Asia/Tokyo"))).toEqual([]);
  await owner.sql`update detector_progress set read_to = ${read[0]?.["id"] as number} where name = 'odd_hours'`;
  expect((await detect(aPolicy(NIGHT, "America/New_York")))[0]?.ids).toContain(third[0]);
});

test("A night that the clocks make longer or shorter is one night", async () => {
  const newYork = aPolicy({ ...NIGHT, nightFrom: 0, nightTo: 3 }, "America/New_York");
  // Back on 1 November: 01:30 comes twice, and 02:30 is an hour later than it looks; 03:00 is no night.
  const autumn = await write(at("2026-11-01T05:30Z", "2026-11-01T06:30Z", "2026-11-01T07:30Z", "2026-11-01T08:00Z"));
  expect(await detect(newYork)).toMatchObject([{ period: "2026-11-01", ids: autumn.slice(0, 3) }]);
  await owner.sql`delete from reviews`;
  // Forward on 14 March: after 01:59:59 comes 03:00.
  await write(at("2027-03-14T05:30Z", "2027-03-14T06:59:59Z", "2027-03-14T07:00Z"));
  expect(await detect(newYork)).toEqual([]);
  const third = await write(at("2027-03-14T06:00Z"));
  expect((await detect(newYork))[0]?.ids).toContain(third[0]);
});

test("A night counts visits: pages of one question and the doors of one plate are one, other questions are others", async () => {
  const night = aPolicy(NIGHT);
  const minute = "2026-11-25T23:10";
  const find = (second: number, filters: Record<string, unknown>) => ({
    at: `${minute}:${second}Z`,
    plate: null,
    action: "detections.find",
    filters,
  });
  const [first] = await write(aVisit(minute, "NIGHT1"));
  const [second] = await write([
    find(20, { "filters.area": "north" }),
    find(21, { "filters.area": "north", cursor: "a" }),
  ]);
  expect(await detect(night)).toEqual([]);
  const third = await write([find(22, { "filters.area": "south" })]);
  expect(await detect(night)).toMatchObject([{ kind: "odd_hours", ids: [first, second, ...third] }]);
});

test("A visit is drawn once", async () => {
  const settings = aPolicy({ repeatLooks: 100, nightLooks: 10_000 });
  await inForce([["2022-01-01", 10]]);
  await owner.sql`delete from detector_progress where name = 'sample'`;
  const [first] = await write(aVisit("2022-05-10T09:00", "DRAWN1"));
  expect(await detect(settings, new Date("2022-06-02T00:00Z"))).toMatchObject([{ kind: "sample", ids: [first] }]);
});

test("A night from an hour to the same hour is none", async () => {
  await write(at("2026-11-10T02:00Z", "2026-11-10T02:10Z", "2026-11-10T02:20Z"));
  expect(await detect(aPolicy({ ...NIGHT, nightFrom: 2, nightTo: 2 }))).toEqual([]);
});

test("When a month is over some of its looks are drawn, each once; a month that was missed is drawn too", async () => {
  const settings = aPolicy({ repeatLooks: 100, nightLooks: 10_000 }, "Asia/Jerusalem");
  await inForce([["2024-01-01", 2]]);
  // The last moment of June and the first of August in Jerusalem (UTC+3) lie outside.
  const june = await write(at("2024-06-30T20:59:59Z"));
  const july = await write(at("2024-06-30T21:00Z", "2024-07-15T09:00Z", "2024-07-20T09:00Z", "2024-07-31T20:59:59Z"));
  await write([{ at: "2024-07-21T09:00Z", outcome: "denied", failure: "purpose_needed" }]);
  const august = await write(at("2024-07-31T21:00Z"));
  const drawnOn = (time: string) => detect(settings, new Date(time));
  expect(await drawnOn("2024-07-31T20:59:59Z")).toMatchObject([{ ids: june }]);
  await owner.sql`delete from reviews`;
  const drawn = await drawnOn("2024-07-31T21:00:00Z");
  const looks = drawn.flatMap(({ ids }) => ids);
  expect(drawn.map(({ kind }) => kind)).toEqual(["sample", "sample"]);
  expect(drawn.map(({ period }) => period).toSorted()).toEqual(looks.map((id) => `2024-07 #${id}`).toSorted());
  expect(july).toEqual(expect.arrayContaining(looks));
  expect(new Set(looks).size).toBe(2);
  expect(await drawnOn("2024-08-15T00:00:00Z")).toEqual(drawn);
  // Nobody was there in September.
  const later = await drawnOn("2024-10-03T00:00:00Z");
  expect(later.filter((review) => !looks.includes(review.ids[0] ?? 0))).toMatchObject([{ ids: august }]);
});

test("A month is drawn from by the most that was asked for while it ran, whatever is asked for at its end", async () => {
  const drawn = async (month: string, versions: [since: string, samplePerMonth: number][]) => {
    await owner.sql`delete from reviews`;
    await owner.sql`delete from detector_progress where name = 'sample'`;
    await inForce(versions);
    return (await detect(aPolicy({ repeatLooks: 100, nightLooks: 10_000 }), new Date(month))).length;
  };
  await write(Array.from({ length: 12 }, (_, day) => ({ at: `2023-05-${10 + day}T09:00Z` })));
  // Lowered on the last day, raised for a day in between, lowered before the month began, raised after it was over.
  const may = "2023-06-02T00:00Z";
  expect(
    await drawn(may, [
      ["2023-01-01", 4],
      ["2023-05-31T23:00Z", 0],
    ]),
  ).toBe(4);
  expect(
    await drawn(may, [
      ["2023-01-01", 1],
      ["2023-05-10", 5],
      ["2023-05-11", 1],
    ]),
  ).toBe(5);
  expect(
    await drawn(may, [
      ["2023-01-01", 8],
      ["2023-04-30T23:00Z", 3],
    ]),
  ).toBe(3);
  expect(
    await drawn(may, [
      ["2023-01-01", 3],
      ["2023-06-01", 8],
    ]),
  ).toBe(3);
  // What was built in was in force before the first version.
  expect(await drawn(may, [["2023-05-20", 0]])).toBe(10);
  expect(await drawn(may, [])).toBe(10);
});

const noticesOf = (id: string) => central.sql`select kind from notices where user_id = ${id} and dismissed_at is null`;

test("A review waits without anybody, and goes to an administrator as soon as there is one, with one notice", async () => {
  await write(at(...WEEK).map((entry) => ({ ...entry, plate: "WAITS" })));
  expect(await detect()).toMatchObject([{ assignedTo: null }]);
  const admin = await aUser(central.central, "admin");
  expect(await detect()).toMatchObject([{ assignedTo: admin.id }]);
  await write(at(...WEEK).map((entry) => ({ ...entry, plate: "WAITS2" })));
  expect(await detect()).toMatchObject([{ assignedTo: admin.id }, { assignedTo: admin.id }]);
  expect(await noticesOf(admin.id)).toEqual([{ kind: "review" }]);
});

test("An administrator's own looks go to another one, or to nobody", async () => {
  const admin = await aUser(central.central, "admin");
  await write(
    at(...WEEK).map((entry) => ({ ...entry, plate: "OWN" })),
    admin.id,
  );
  expect(await detect()).toMatchObject([{ assignedTo: null }]);
  expect(await noticesOf(admin.id)).toEqual([]);
  const other = await aUser(central.central, "admin");
  expect(await detect()).toMatchObject([{ assignedTo: other.id }]);
});

test("Reviews are shared evenly, and move on when their administrator is disabled or is one no longer", async () => {
  const [one, two] = [await aUser(central.central, "admin"), await aUser(central.central, "admin")];
  for (const plate of ["EVEN1", "EVEN2", "EVEN3", "EVEN4"])
    await write(at(...WEEK).map((entry) => ({ ...entry, plate })));
  const shared = Map.groupBy(await detect(), ({ assignedTo }) => assignedTo);
  expect([one.id, two.id].map((id) => shared.get(id)?.length)).toEqual([2, 2]);
  await owner.sql`update users set role = 'operator' where id = ${one.id}`;
  expect((await detect()).map(({ assignedTo }) => assignedTo)).toEqual(Array(4).fill(two.id));
  expect(await noticesOf(one.id)).toEqual([]);
  await owner.sql`update users set disabled_at = now() where id = ${two.id}`;
  expect((await detect()).map(({ assignedTo }) => assignedTo)).toEqual(Array(4).fill(null));
});
