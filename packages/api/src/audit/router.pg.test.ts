/** Reading the access log, taking it out as a file, telling it of offline looks, and deciding reviews. */
import { randomUUID } from "node:crypto";
import type { Database } from "@chaverim/db/open";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { type Browser, aUser, failureOf } from "../testing/people.ts";
import { openOwner, writeEntries } from "./testing/entries.ts";

let central: TestCentral;
let owner: Database;
let admin: Browser;
let adminId: string;
let operator: Browser;
let operatorId: string;
const idOf = async (browser: Browser) => (await browser.trpc.auth.me.query()).user.id;
beforeAll(async () => {
  central = await openTestCentral();
  owner = openOwner(central);
  [admin, operator] = [await central.signIn("admin"), await central.signIn("operator")];
  [adminId, operatorId] = [await idOf(admin), await idOf(operator)];
});
afterAll(async () => {
  await owner[Symbol.asyncDispose]();
  await central[Symbol.asyncDispose]();
});

type Filters = Parameters<Browser["trpc"]["accessLog"]["search"]["query"]>[0];
const search = async (filters: Filters) => (await admin.trpc.accessLog.search.query(filters)).entries;
const newest = async () => (await search({ limit: 1 }))[0];

// The first one: the entries that other tests write with the owner's rights do not fit the chain.
test("The check of the log tells how many entries there are and the newest one's hash, to everybody who asks at once", async () => {
  const answers = await Promise.all([1, 2, 3].map(() => admin.trpc.accessLog.verify.query()));
  const [row] = await central.sql<{ id: number; hash: string }[]>`
    select id::float8 as id, encode(hash, 'hex') as hash from access_log order by id desc limit 1`;
  for (const answer of answers) expect(answer).toEqual({ entries: row?.id, broken: null, head: row });
});

test("An entry is shown as it was written: who, from where, what for, which plate, how much, and its hash", async () => {
  await operator.trpc.detections.search.query({ plate: "12-345-67" });
  const [entry] = await search({ plate: "1234567" });
  const [row] = await central.sql<{ hash: string; at: Date }[]>`
    select encode(hash, 'hex') as hash, at from access_log where id = ${entry?.id ?? 0}`;
  expect(entry).toEqual({
    id: expect.any(Number),
    at: row?.at.toISOString(),
    requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    userId: operatorId,
    userName: "A operator",
    organisation: "Chaverim",
    role: "operator",
    device: expect.any(String),
    ip: "127.0.0.1",
    action: "detections.search",
    plate: "1234567",
    filters: { plate: "12-345-67" },
    purpose: { code: expect.any(String), text: expect.any(String), caseNumber: null },
    resultCount: 0,
    recipient: null,
    outcome: "ok",
    failure: null,
    policyVersion: 0,
    offline: null,
    hash: row?.hash,
  });
  // The name of today changes nothing of what was written.
  await owner.sql`update users set name = 'Renamed' where id = ${operatorId}`;
  expect((await search({ plate: "1234567", userId: operatorId }))[0]?.userName).toBe("A operator");
  await owner.sql`update users set name = 'A operator' where id = ${operatorId}`;
});

test("A plate is found however it is typed, also where only what was asked for holds it, and no other plate", async () => {
  const [own, inFilters] = await writeEntries(owner.sql, [
    { userId: operatorId, at: new Date(), plate: "FIND123" },
    { userId: operatorId, at: new Date(), plate: null, filters: { plate: "find-123" }, action: "console.act" },
    { userId: operatorId, at: new Date(), plate: "FIND1234" },
    { userId: operatorId, at: new Date(), plate: null, filters: { name: "FIND123" } },
  ]);
  for (const plate of ["FIND123", "find 123", "Ｆind-123"]) {
    const ids = (await search({ plate, userId: operatorId })).map(({ id }) => id);
    expect(ids).toEqual([inFilters, own]);
  }
  expect(await failureOf(search({ plate: "--" }))).toBe("invalid");
});

test("A look-alike spelling hides no look: whoever asks who looked at a plate finds it", async () => {
  const [own, inFilters, listed] = await writeEntries(owner.sql, [
    { userId: operatorId, at: new Date(), plate: "L00KS8" },
    { userId: operatorId, at: new Date(), plate: null, filters: { plate: "iQD-ks8" }, action: "console.act" },
    { userId: operatorId, at: new Date(), plate: "LOOKSB", action: "watchlists.addEntry" },
    { userId: operatorId, at: new Date(), plate: "LOOKSX" },
  ]);
  const ids = (await search({ plate: "1OOK5B", userId: operatorId })).map(({ id }) => id);
  expect(ids).toEqual([listed, inFilters, own]);
});

test("Pages follow each other without a gap or a repeat, newest first, while new entries are added", async () => {
  const person = (await aUser(central.central, "operator")).id;
  const ids = await writeEntries(
    owner.sql,
    Array.from({ length: 25 }, () => ({ userId: person, at: new Date() })),
  );
  const read: number[] = [];
  let cursor: number | undefined;
  do {
    const page = await admin.trpc.accessLog.search.query({ userId: person, limit: 10, ...(cursor ? { cursor } : {}) });
    read.push(...page.entries.map(({ id }) => id));
    cursor = page.cursor ?? undefined;
    await writeEntries(owner.sql, [{ userId: person, at: new Date() }]);
  } while (cursor);
  expect(read).toEqual(ids.toReversed());
});

test("Filters by person, action, outcome and time hold together", async () => {
  const person = (await aUser(central.central, "operator")).id;
  const at = (hour: number) => `2025-03-01T0${hour}:00:00Z`;
  const [, second, third, fourth] = await writeEntries(owner.sql, [
    { userId: person, at: at(1) },
    { userId: person, at: at(2) },
    { userId: person, at: at(3), outcome: "denied", failure: "forbidden" },
    { userId: person, at: at(4), action: "detections.timeline" },
  ]);
  const idsOf = async (filters: Filters) => (await search({ userId: person, ...filters })).map(({ id }) => id);
  expect(await idsOf({ from: at(2), to: at(4) })).toEqual([third, second]);
  expect(await idsOf({ from: "2025-03-01T06:00:00+03:00" })).toEqual([fourth, third]);
  expect(await idsOf({ action: "detections.timeline" })).toEqual([fourth]);
  expect(await idsOf({ outcome: "denied" })).toEqual([third]);
  expect(await idsOf({ outcome: "denied", action: "detections.timeline" })).toEqual([]);
});

test("An administrator's reading of the log is itself in the log, for the other administrators", async () => {
  await search({ plate: "WHOLOOKED" });
  const other = await central.signIn("admin");
  const { entries } = await other.trpc.accessLog.search.query({ plate: "WHOLOOKED" });
  expect(entries).toMatchObject([{ userId: adminId, action: "accessLog.search", resultCount: 0 }]);
});

test("People read their own entries and nobody else's, page by page", async () => {
  const viewer = await central.signIn("viewer");
  await viewer.trpc.detections.search.query({ plate: "MINE1" });
  const { entries, cursor } = await viewer.trpc.accessLog.mine.query({});
  expect(entries.map(({ plate }) => plate)).toContain("MINE1");
  expect(new Set(entries.map(({ userId }) => userId))).toEqual(new Set([await idOf(viewer)]));
  expect(cursor).toBeNull();
  const before = entries[0]?.id ?? 0;
  const older = await viewer.trpc.accessLog.mine.query({ cursor: before });
  expect(older.entries).toEqual(entries.slice(1));
});

test.each([
  { plate: "\u0000AB1" },
  { plate: "\ud800AB1" },
  { action: "a\u0000b" },
  { from: "0000-01-01T00:00:00Z" },
  { to: "9999-12-31T23:59:59-23:59" },
  { cursor: Number.MAX_SAFE_INTEGER },
  { userId: "nobody" },
  { plate: "'; drop table access_log; --" },
])("Filters of %j are taken or refused, never an error of central's", async (filters) => {
  expect(["ok", "invalid"]).toContain(await failureOf(search(filters)));
});

const exported = async (input: Partial<Parameters<Browser["trpc"]["accessLog"]["export"]["mutate"]>[0]>) => {
  // More files than a person may take in a minute.
  await central.central.limits.forget("export", adminId);
  return admin.trpc.accessLog.export.mutate({ format: "csv", recipient: "Police, Lakewood", ...input });
};

/** Reads RFC 4180 as strictly as it is written. */
const parseCsv = (text: string): string[][] => {
  const rows: string[][] = [[]];
  let rest = text;
  while (rest !== "") {
    const [whole = "", cell = "", end = ""] = /^"((?:[^"]|"")*)"(,|\r\n)/.exec(rest) ?? [];
    if (whole === "") throw new Error(`no cell at: ${rest.slice(0, 40)}`);
    rows.at(-1)?.push(cell.replaceAll('""', '"'));
    if (end === "\r\n") rows.push([]);
    rest = rest.slice(whole.length);
  }
  return rows.slice(0, -1);
};

test("A CSV file is UTF-8 with its mark, by RFC 4180, and no cell of it is a formula to a spreadsheet", async () => {
  const hostile = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    '=cmd|"/c calc"!A1',
    "＝1",
    'quote " comma, line\r\nend',
    "a;=1+1",
    "a\t@SUM(A1)",
    'a; "=1+1"',
    "a\r\n-1",
    "a - b; c = d",
  ];
  const harmless = [
    "'=1+1",
    "'+1",
    "'-1",
    "'@SUM(A1)",
    "'\t'=1",
    "'\r'=1",
    '\'=cmd|"/c calc"!A1',
    "'＝1",
    'quote " comma, line\r\nend',
    "a;'=1+1",
    "a\t'@SUM(A1)",
    'a; "\'=1+1"',
    "a\r\n'-1",
    "a - b; c = d",
  ];
  const person = (await aUser(central.central, "operator")).id;
  await writeEntries(
    owner.sql,
    hostile.map((recipient) => ({ userId: person, at: new Date(), recipient, caseNumber: recipient })),
  );
  const file = await exported({ userId: person });
  expect(file).toMatchObject({ mime: "text/csv;charset=utf-8", entries: hostile.length, truncated: false });
  expect(file.filename).toMatch(/^access-log-\d{4}-\d\d-\d\d\.csv$/);
  expect(file.text.startsWith("\ufeff")).toBe(true);
  const [header = [], ...rows] = parseCsv(file.text.slice(1));
  const recipients = rows.map((row) => row[header.indexOf("recipient")] ?? "");
  expect(recipients).toEqual(harmless.toReversed());
  for (const cell of rows.flat()) expect(cell).not.toMatch(/^[=+\-@\t\r＝]/);
  // A spreadsheet whose separator is another: whatever follows it begins a cell.
  for (const cell of file.text.split(/[;\t\r\n]/)) expect(cell).not.toMatch(/^["\s]*[=+\-@＝]/);
  expect(new Set(rows.map((row) => row.length))).toEqual(new Set([header.length]));
});

test("A JSON file says for whom and by whom it was made, and with which filters", async () => {
  await operator.trpc.detections.search.query({ plate: "JSON1" });
  const file = await exported({ format: "json", plate: "json 1", from: "2026-01-01T00:00:00Z" });
  const told = JSON.parse(file.text) as Record<string, unknown>;
  expect(told).toMatchObject({
    organisation: "Chaverim",
    exportedBy: "A admin",
    recipient: "Police, Lakewood",
    filters: { plate: "json 1", from: "2026-01-01T00:00:00.000Z" },
    truncated: false,
    entries: [{ userId: operatorId, plate: "JSON1" }],
  });
  expect(file.mime).toBe("application/json");
});

test("The entry of an export names the recipient and how many entries went out; without a recipient there is none", async () => {
  const file = await exported({ userId: operatorId });
  expect(file.entries).toBeGreaterThan(0);
  expect(await newest()).toMatchObject({
    userId: adminId,
    action: "accessLog.export",
    recipient: "Police, Lakewood",
    resultCount: file.entries,
    filters: { userId: operatorId, recipient: "Police, Lakewood" },
  });
  for (const recipient of ["", " ", "two\nlines"]) expect(await failureOf(exported({ recipient }))).toBe("invalid");
});

test("A file takes the newest 20,000 entries and says that there are more", async () => {
  const person = (await aUser(central.central, "operator")).id;
  await owner.sql.begin(async (sql) => {
    await sql`alter table access_log disable trigger access_log_chain`;
    await sql`insert into access_log (id, at, request_id, user_id, organisation, action, filters, outcome, policy_version, offline,
        previous_hash, hash)
      select (select max(id) from access_log) + n, now(), 'test', ${person}, 'Chaverim', 'detections.search', '{}', 'ok', 0, false,
        '', '' from generate_series(1, 20001) n`;
    await sql`alter table access_log enable trigger access_log_chain`;
  });
  const file = await exported({ userId: person });
  expect(file).toMatchObject({ entries: 20_000, truncated: true });
  const rows = parseCsv(file.text.slice(1));
  expect(Number(rows[1]?.[0]) - Number(rows.at(-1)?.[0])).toBe(19_999);
  expect(await newest()).toMatchObject({ action: "accessLog.export", resultCount: 20_000 });
});

const aLook = (overrides: { id?: string; plate?: string; deviceAt?: string } = {}) => ({
  id: randomUUID(),
  action: "alerts.since" as const,
  plate: "off-line 1",
  deviceAt: new Date(Date.now() - 3_600_000).toISOString(),
  ...overrides,
});

test("A look that a device took offline is written down with the device's time and the purpose, and told twice it is one", async () => {
  const viewer = await central.signIn("viewer");
  await central.sql`update investigations set opened_at = now() - interval '2 hours' where user_id = ${await idOf(viewer)}`;
  const look = aLook();
  await viewer.trpc.accessLog.addOffline.mutate({ looks: [look] });
  await viewer.trpc.accessLog.addOffline.mutate({ looks: [look, aLook({ plate: "OFFLINE2" })] });
  const entries = await search({ userId: await idOf(viewer), action: "alerts.since" });
  expect(entries.map(({ plate }) => plate)).toEqual(["OFFLINE2", "OFFLINE1"]);
  expect(entries[1]).toMatchObject({
    offline: { deviceAt: look.deviceAt },
    filters: { plate: "off-line 1" },
    purpose: { code: expect.any(String) },
    role: "viewer",
    outcome: "ok",
  });
  expect(Object.keys(entries[1]?.filters ?? {})).toEqual(["plate"]);
  const without = await central.signIn("viewer", { purpose: false });
  await without.trpc.accessLog.addOffline.mutate({ looks: [aLook()] });
  expect(await search({ userId: await idOf(without), action: "alerts.since" })).toMatchObject([{ purpose: null }]);
});

test("A purpose that was stated after an offline look is not its purpose", async () => {
  const viewer = await central.signIn("viewer");
  await viewer.trpc.accessLog.addOffline.mutate({ looks: [aLook()] });
  expect(await search({ userId: await idOf(viewer), action: "alerts.since" })).toMatchObject([{ purpose: null }]);
});

test.each([
  ["2099-01-01T00:00:00Z", "ahead", "2099-01-01T00:00:00.000Z"],
  ["1999-01-01T00:00:00Z", "behind", "1999-01-01T00:00:00.000Z"],
  ["0000-01-01T00:00:00+14:00", "behind", "1970-01-01T00:00:00.000Z"],
  ["9999-12-31T23:59:59-23:59", "ahead", "9999-12-31T00:00:00.000Z"],
])(
  "A device that says %s is believed to have said so, and its clock is marked as %s",
  async (deviceAt, fault, kept) => {
    const look = aLook({ plate: `CLOCK${deviceAt}\u0000`, deviceAt });
    await operator.trpc.accessLog.addOffline.mutate({ looks: [look] });
    expect(await newest()).toMatchObject({
      offline: { deviceAt: kept },
      filters: { plate: `CLOCK${deviceAt}\ufffd`, deviceClock: fault, deviceAt },
    });
  },
);

const aReview = async (userId: string, entryIds: number[] = []) => {
  const [made] = await owner.sql<{ id: string }[]>`
    insert into reviews (kind, user_id, plate, period, entry_ids)
    values ('repeat_plate', ${userId}, 'REVIEW1', ${randomUUID()}, ${entryIds}::bigint[]) returning id`;
  return made?.id ?? "";
};
const reviewsOf = async (browser: Browser, state: "open" | "decided", id: string) =>
  (await browser.trpc.reviews.list.query({ state })).reviews.filter((review) => review.id === id);

test("A review shows its looks, the first fifty and how many there are", async () => {
  const ids = await writeEntries(
    owner.sql,
    Array.from({ length: 52 }, () => ({ userId: operatorId, at: new Date(), plate: "REVIEW1" })),
  );
  const id = await aReview(operatorId, ids);
  const [review] = await reviewsOf(admin, "open", id);
  expect(review).toMatchObject({
    kind: "repeat_plate",
    plate: "REVIEW1",
    user: { id: operatorId, name: "A operator" },
    entryCount: 52,
    assignedTo: null,
    decided: null,
  });
  expect(review?.entries.map((entry) => entry.id)).toEqual(ids.slice(0, 50));
});

test("A decision has its outcome, by whom and when, and stands; unclear and misuse need a note", async () => {
  const id = await aReview(operatorId);
  const decide = (outcome: "justified" | "unclear" | "misuse", note?: string) =>
    admin.trpc.reviews.decide.mutate({ id, outcome, ...(note === undefined ? {} : { note }) });
  for (const outcome of ["unclear", "misuse"] as const) {
    expect(await failureOf(decide(outcome))).toBe("invalid");
    expect(await failureOf(decide(outcome, "  "))).toBe("invalid");
  }
  const decided = { by: "A admin", at: expect.any(String), outcome: "misuse", note: "Asked twice; no answer." };
  expect(await decide("misuse", " Asked twice; no answer. ")).toMatchObject({ id, decided });
  expect(await reviewsOf(admin, "open", id)).toEqual([]);
  expect(await reviewsOf(admin, "decided", id)).toMatchObject([{ decided }]);
  expect(await failureOf(decide("justified"))).toBe("conflict");
  expect(await failureOf(admin.trpc.reviews.decide.mutate({ id: randomUUID(), outcome: "justified" }))).toBe(
    "not_found",
  );
  const justified = await admin.trpc.reviews.decide.mutate({ id: await aReview(operatorId), outcome: "justified" });
  expect(justified.decided).toMatchObject({ outcome: "justified", note: null });
});

test("Nobody decides about his own looks, and trying it is written down", async () => {
  const id = await aReview(adminId);
  expect(await failureOf(admin.trpc.reviews.decide.mutate({ id, outcome: "justified" }))).toBe("forbidden");
  expect(await newest()).toMatchObject({
    userId: adminId,
    action: "reviews.decide",
    failure: "forbidden",
    filters: { id },
  });
  expect(await reviewsOf(admin, "open", id)).toHaveLength(1);
  const other = await central.signIn("admin");
  expect((await other.trpc.reviews.decide.mutate({ id, outcome: "justified" })).decided).not.toBeNull();
});

test("Of two decisions at once one stands and the other is told so", async () => {
  const other = await central.signIn("admin");
  const id = await aReview(operatorId);
  const answers = await Promise.all(
    [admin, other].map((browser) => failureOf(browser.trpc.reviews.decide.mutate({ id, outcome: "justified" }))),
  );
  expect(answers.toSorted()).toEqual(["conflict", "ok"]);
});
