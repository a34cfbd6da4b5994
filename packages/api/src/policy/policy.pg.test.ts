/** The policy and its versions, over HTTP. */
import { DEFAULT_POLICY, type PolicySettings } from "@chaverim/contracts";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { type Browser, failureOf } from "../testing/people.ts";

let central: TestCentral;
let admin: Browser;
beforeAll(async () => {
  central = await openTestCentral();
  admin = await central.signIn("admin");
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});
beforeEach(async () => central.central.limits.forget("admin", (await admin.trpc.auth.me.query()).user.id));

const basedOn = async () => (await admin.trpc.policy.read.query()).version;
const withName = (organisation: string): PolicySettings => ({ ...DEFAULT_POLICY, organisation });

test("Until somebody sets one, the defaults are in force as version 0", async () => {
  expect(await admin.trpc.policy.read.query()).toEqual({
    version: 0,
    settings: DEFAULT_POLICY,
    setAt: null,
    setBy: null,
  });
});

test("A change is in force at once, says who made it, and leaves the version before as it was", async () => {
  const first = await admin.trpc.policy.set.mutate({ settings: withName("North Patrol"), basedOn: 0 });
  expect(first).toMatchObject({ settings: { organisation: "North Patrol" }, setBy: "A admin" });
  const second = await admin.trpc.policy.set.mutate({ settings: withName("South Patrol"), basedOn: first.version });
  expect(second.version).toBeGreaterThan(first.version);
  expect((await central.central.policy.current()).settings.organisation).toBe("South Patrol");
  expect(await central.sql`select settings ->> 'organisation' as name from policies order by version`).toEqual([
    { name: "North Patrol" },
    { name: "South Patrol" },
  ]);
  const [entry] = await central.sql`select organisation, policy_version as version, outcome from access_log
    where action = 'policy.set' order by id desc limit 1`;
  expect(entry).toEqual({ organisation: "North Patrol", version: first.version, outcome: "ok" });
});

test("The entry of a change names the version it is based on and which settings change, and never what they say", async () => {
  const { version, settings } = await admin.trpc.policy.read.query();
  const set = (changes: Partial<PolicySettings>, on: number) =>
    admin.trpc.policy.set.mutate({ settings: { ...settings, ...changes }, basedOn: on });
  const entries = () =>
    central.sql`select filters, outcome from access_log where action = 'policy.set' order by id desc`;
  const changes = {
    contact: "board@example.org",
    purpose: { ...settings.purpose, requiredFor: [] },
    reviews: { ...settings.reviews, repeatLooks: 99, samplePerMonth: 0 },
    pages: { ...settings.pages, elements: { ...settings.pages.elements, custodian: "The chairman" } },
  };
  const changed = "contact, purpose.requiredFor, reviews.repeatLooks, reviews.samplePerMonth, pages.elements";
  const next = await set(changes, version);
  expect((await entries())[0]).toEqual({ filters: { basedOn: version, changed }, outcome: "ok" });
  await set(changes, next.version);
  expect((await entries())[0]).toEqual({ filters: { basedOn: next.version, changed: "" }, outcome: "ok" });
  expect(await failureOf(set({}, version))).toBe("conflict");
  expect((await entries())[0]).toMatchObject({ filters: { basedOn: version }, outcome: "error" });
});

test("All other administrators are told of a change, and nobody else is", async () => {
  const [other, operator] = [await central.signIn("admin"), await central.signIn("operator")];
  const told = async (browser: Browser) =>
    (await browser.trpc.auth.me.query()).notices.filter(({ kind }) => kind === "policy_changed").map(({ by }) => by);
  const version = await basedOn();
  await admin.trpc.policy.set.mutate({ settings: withName("Told"), basedOn: version });
  expect(await failureOf(admin.trpc.policy.set.mutate({ settings: withName("Late"), basedOn: version }))).toBe(
    "conflict",
  );
  expect([await told(other), await told(operator), await told(admin)]).toEqual([["A admin"], [], []]);
});

test("Of two who change the same version, one is told that the other was first", async () => {
  const version = await basedOn();
  const outcomes = await Promise.all(
    ["One", "Two", "Three"].map((name) =>
      failureOf(admin.trpc.policy.set.mutate({ settings: withName(name), basedOn: version })),
    ),
  );
  expect(outcomes.toSorted()).toEqual(["conflict", "conflict", "ok"]);
  expect(await failureOf(admin.trpc.policy.set.mutate({ settings: withName("Late"), basedOn: version }))).toBe(
    "conflict",
  );
});

const { purpose } = DEFAULT_POLICY;
test.each<[string, object]>([
  ["without purposes", { ...DEFAULT_POLICY, purpose: { ...purpose, codes: [] } }],
  ["with one code twice", { ...DEFAULT_POLICY, purpose: { ...purpose, codes: [purpose.codes[0], purpose.codes[0]] } }],
  ["with a time zone that does not exist", { ...DEFAULT_POLICY, timeZone: "Mars/Olympus" }],
  ["with an offset in place of a time zone", { ...DEFAULT_POLICY, timeZone: "+05:30" }],
  ["with a name that no database holds", withName("North\u0000Patrol")],
  ["with half a character in a page", { ...DEFAULT_POLICY, contact: "call \ud800" }],
  ["with a part missing", { ...DEFAULT_POLICY, reviews: undefined }],
])("A policy %s is refused, and the one in force stays", async (_what, settings) => {
  const version = await basedOn();
  const set = admin.trpc.policy.set.mutate({ settings: settings as PolicySettings, basedOn: version });
  expect(await failureOf(set)).toBe("invalid");
  expect(await basedOn()).toBe(version);
});

test("Everybody may read it; only an administrator with a fresh code may change it", async () => {
  for (const role of ["operator", "viewer"] as const) {
    const browser = await central.signIn(role);
    expect((await browser.trpc.policy.read.query()).version).toBe(await basedOn());
    const set = browser.trpc.policy.set.mutate({ settings: DEFAULT_POLICY, basedOn: await basedOn() });
    expect(await failureOf(set)).toBe("forbidden");
  }
  const stale = await central.signIn("admin");
  const { deviceId } = await stale.trpc.auth.me.query();
  await central.sql`update sessions set step_up_at = now() - interval '6 minutes' where id = ${deviceId}`;
  const set = stale.trpc.policy.set.mutate({ settings: DEFAULT_POLICY, basedOn: await basedOn() });
  expect(await failureOf(set)).toBe("step_up_needed");
});
