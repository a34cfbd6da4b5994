/** Purposes of looking, over HTTP. */
import { DEFAULT_POLICY, INVESTIGATION_MS, type Role } from "@chaverim/contracts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { type Browser, aUser, failureOf, signInAs } from "../testing/people.ts";

let central: TestCentral;
beforeAll(async () => {
  central = await openTestCentral();
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

/** Somebody who has not said yet what they are looking for. */
const signIn = async (role: Role): Promise<Browser> => {
  await central.central.limits.forget("signIn", "127.0.0.1");
  return signInAs(central.openBrowser(), await aUser(central.central, role));
};
const stolen = { code: "stolen_vehicle", text: "grey van of Elm Street" };

test("An investigation lasts a shift, is attached to every look of its session, and replaces the one before", async () => {
  const browser = await signIn("operator");
  const first = await browser.trpc.investigations.open.mutate(stolen);
  expect(first).toMatchObject({ code: "stolen_vehicle", text: "grey van of Elm Street", caseNumber: null });
  expect(Date.parse(first.expiresAt) - Date.parse(first.openedAt)).toBeGreaterThan(INVESTIGATION_MS - 10_000);
  const second = await browser.trpc.investigations.open.mutate({ code: "police_request", caseNumber: "24-118" });
  const me = await browser.trpc.auth.me.query();
  expect(me.investigation).toMatchObject({ id: second.id, code: "police_request", text: null, caseNumber: "24-118" });
  await browser.trpc.watchlists.list.query();
  const [look] = await central.sql`select purpose_code as code, case_number as "caseNumber" from access_log
    where user_id = ${me.user.id} and action = 'watchlists.list'`;
  expect(look).toEqual({ code: "police_request", caseNumber: "24-118" });
  expect(
    await central.sql`select 1 from investigations where user_id = ${me.user.id} and closed_at is null`,
  ).toHaveLength(1);
});

test("What screens ask for by themselves carries no purpose; a page further back does", async () => {
  const browser = await signIn("operator");
  await browser.trpc.investigations.open.mutate(stolen);
  const { user } = await browser.trpc.auth.me.query();
  await browser.trpc.alerts.since.query({ cursor: null });
  await browser.trpc.alerts.since.query({ cursor: 0 });
  await browser.trpc.detections.recent.query({});
  const cursor = `${new Date().toISOString()}_${user.id}`;
  await browser.trpc.detections.recent.query({ cursor });
  const looks = await central.sql`select action, purpose_code as code from access_log
    where user_id = ${user.id} and action in ('alerts.since', 'detections.recent') order by id`;
  expect(looks).toEqual([
    { action: "alerts.since", code: null },
    { action: "alerts.since", code: null },
    { action: "detections.recent", code: null },
    { action: "detections.recent", code: "stolen_vehicle" },
  ]);
});

test.each([
  "0000-01-01T00:00:00.000Z",
  "-000001-01-01T00:00:00.000Z",
  "2026-01-01",
  "2026",
  "2026-13-01T00:00:00.000Z",
])("A page that begins at %s is not known, which is no error of central's", async (moment) => {
  const browser = await signIn("operator");
  await browser.trpc.investigations.open.mutate(stolen);
  const cursor = `${moment}_00000000-0000-4000-8000-000000000000`;
  expect(await failureOf(browser.trpc.detections.recent.query({ cursor }))).toBe("invalid");
  expect(await failureOf(browser.trpc.detections.timeline.query({ plate: "7ABC123", cursor }))).toBe("invalid");
});

test("It belongs to one session: another device of the same person has to say why, too", async () => {
  const operator = await aUser(central.central, "operator");
  const one = await signInAs(central.openBrowser(), operator);
  await central.sql`update users set totp_last_step = 0 where id = ${operator.id}`;
  const other = await signInAs(central.openBrowser(), operator);
  await one.trpc.investigations.open.mutate(stolen);
  expect((await other.trpc.auth.me.query()).investigation).toBeNull();
});

test("Closing ends it, and closing what is closed is no mistake", async () => {
  const browser = await signIn("viewer");
  await browser.trpc.investigations.open.mutate(stolen);
  expect(await browser.trpc.investigations.close.mutate()).toEqual({});
  expect((await browser.trpc.auth.me.query()).investigation).toBeNull();
  expect(await browser.trpc.investigations.close.mutate()).toEqual({});
});

test("It never outlives its session, and one that is over does not count", async () => {
  const browser = await signIn("operator");
  const { deviceId } = await browser.trpc.auth.me.query();
  await central.sql`update sessions set absolute_expires_at = now() + interval '1 hour' where id = ${deviceId}`;
  const { expiresAt } = await browser.trpc.investigations.open.mutate(stolen);
  expect(Date.parse(expiresAt) - Date.now()).toBeLessThan(3_600_001);
  await central.sql`update investigations set expires_at = now() - interval '1 second' where session_id = ${deviceId}`;
  expect((await browser.trpc.auth.me.query()).investigation).toBeNull();
  expect(await failureOf(browser.trpc.investigations.open.mutate(stolen))).toBe("ok");
});

test.each([
  ["a purpose that the policy does not know", { code: "curiosity", text: "just looking" }],
  ["no case number where the purpose needs one", { code: "police_request", text: "they asked for it" }],
  ["neither text nor case number", { code: "stolen_vehicle" }],
  ["a text that says nothing", { code: "stolen_vehicle", text: " car   " }],
  ["an empty case number", { code: "stolen_vehicle", caseNumber: "  " }],
  ["a text of two lines", { code: "stolen_vehicle", text: "grey van\nof Elm Street" }],
])("Refused: %s", async (_what, purpose) => {
  const browser = await signIn("operator");
  expect(await failureOf(browser.trpc.investigations.open.mutate(purpose))).toBe("invalid");
  expect((await browser.trpc.auth.me.query()).investigation).toBeNull();
});

test("Ten at the same moment leave one open", async () => {
  const browser = await signIn("operator");
  const opened = await Promise.all(Array.from({ length: 10 }, () => browser.trpc.investigations.open.mutate(stolen)));
  expect(new Set(opened.map(({ id }) => id)).size).toBe(10);
  const { deviceId } = await browser.trpc.auth.me.query();
  expect(
    await central.sql`select 1 from investigations where session_id = ${deviceId} and closed_at is null`,
  ).toHaveLength(1);
});

test("A purpose that leaves the policy cannot be stated any more", async () => {
  const browser = await signIn("admin");
  const codes = DEFAULT_POLICY.purpose.codes.filter(({ code }) => code !== "correction");
  const { version } = await browser.trpc.policy.read.query();
  await browser.trpc.policy.set.mutate({
    settings: { ...DEFAULT_POLICY, purpose: { ...DEFAULT_POLICY.purpose, codes } },
    basedOn: version,
  });
  expect(await failureOf(browser.trpc.investigations.open.mutate({ code: "correction", text: "a misreading" }))).toBe(
    "invalid",
  );
});
