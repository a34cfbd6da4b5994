/** The access table, tried out: every procedure with everybody. */
import { FAILURES, PROCEDURES, ROLES, type Access, type ProcedureName, accessOf, can } from "@chaverim/contracts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { type Browser, failureOf } from "../testing/people.ts";

const EVERYBODY = ["nobody", ...ROLES] as const;
type Somebody = (typeof EVERYBODY)[number];

let central: TestCentral;
const browsers = new Map<Somebody, Browser>();
beforeAll(async () => {
  central = await openTestCentral();
  browsers.set("nobody", central.openBrowser());
  for (const role of ROLES) browsers.set(role, await central.signIn(role));
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

const SUBSCRIPTIONS: ReadonlySet<string> = new Set(["detections.live", "alerts.live"]);
/** Ends the session that the others still need. */
const LAST: ReadonlySet<string> = new Set(["auth.logout"]);

const refusalOf = (access: Access, who: Somebody): "signed_out" | "forbidden" | null => {
  if (access === "public") return null;
  if (who === "nobody") return "signed_out";
  if (access === "signed_in") return null;
  if (access === "password") return "signed_out";
  return access !== "collector_key" && can(who, access) ? null : "forbidden";
};

const names = (Object.keys(PROCEDURES) as ProcedureName[])
  .filter((name) => !SUBSCRIPTIONS.has(name))
  .toSorted((a, b) => Number(LAST.has(a)) - Number(LAST.has(b)));

describe.each(EVERYBODY)("%s", (who) => {
  test.each(names)("%s", async (name) => {
    await central.central.limits.forget("signIn", "127.0.0.1");
    // An input that no procedure takes: whoever is let in is told so, and nothing happens.
    const { status, body } = (await browsers.get(who)?.call(name, { unknown: true })) ?? { status: 0, body: null };
    const code = (body as { error?: { data: { failure: { code: string } } } }).error?.data.failure.code ?? "ok";
    const refusal = refusalOf(accessOf(name).needs, who);
    expect(["signed_out", "forbidden"].includes(code) ? code : null).toBe(refusal);
    expect(refusal === null ? status < 500 : status === FAILURES[refusal]).toBe(true);
  });
});

test("Live channels are open to those whom the table names, and to nobody else", async () => {
  const viewer = await central.signIn("viewer");
  await using channel = viewer;
  const first = await new Promise<string>((resolve) => {
    const subscription = channel.trpc.alerts.live.subscribe(undefined, {
      onStarted: () => {
        subscription.unsubscribe();
        resolve("started");
      },
      onError: (error) => resolve(error.message),
    });
  });
  expect(first).toBe("started");
});

test("Over HTTP, too, a role sees of a detection only what the table gives it", async () => {
  const collector = await central.addCollector(["gate"]);
  const { aDetection, aJpeg, sendBatch } = await import("../testing/batches.ts");
  const pictures = { full: aJpeg(), crop: aJpeg() };
  const detection = aDetection({ plate: "ROLES1" }, pictures);
  await sendBatch(central.url, collector.apiKey, [detection], [pictures]);
  for (const role of ROLES) {
    const browser = await central.signIn(role);
    const { detections } = await browser.trpc.detections.recent.query({});
    const address = (image: string) => `/api/evidence/${detection.id}/${image}`;
    // A viewer: of detections with an alert alone (detections/reach.pg.test.ts).
    const maySee = role !== "viewer";
    expect(detections[0]?.images).toEqual({ crop: address("crop"), full: maySee ? address("full") : null });
    expect((await browser.fetch(address("crop"))).status).toBe(200);
    expect((await browser.fetch(address("full"))).status).toBe(maySee ? 200 : 404);
  }
  expect((await fetch(`${central.url}/api/evidence/${detection.id}/crop`)).status).toBe(401);
  const withKey = await fetch(`${central.url}/api/evidence/${detection.id}/crop`, {
    headers: { "X-API-Key": collector.apiKey },
  });
  expect(withKey.status).toBe(401);
});

test.each(["-".repeat(36), "not-an-id", "00000000-0000-0000-0000-00000000000g", "0".repeat(36)])(
  "Evidence of %j does not exist, and that is no error of central's",
  async (id) => {
    const browser = await central.signIn("admin");
    const response = await browser.fetch(`/api/evidence/${encodeURIComponent(id)}/crop`);
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([404, "not_found"]);
  },
);

const HOSTILE = ["a\u0000b", "\ud800 half a pair", "x".repeat(50), "<b>", "'; drop table users; --", "%_\\"];
test.each(HOSTILE)("Names and reasons of %j are taken or refused, never an error of central's", async (text) => {
  const browser = await central.signIn("admin");
  const [list] = await browser.trpc.watchlists.list.query();
  const collector = await central.addCollector(["gate"]);
  const [camera] = await central.sql<{ id: string }[]>`select id from cameras where collector_id = ${collector.id}`;
  const token = "t".repeat(43);
  const calls = {
    create: () => browser.trpc.watchlists.create.mutate({ name: text, priority: 3 }),
    addEntry: () =>
      browser.trpc.watchlists.addEntry.mutate({
        watchlistId: list?.id ?? "",
        plate: `AB${text}`,
        reason: `because ${text}`,
        vehicle: text,
      }),
    approve: () => browser.trpc.collectors.approveCamera.mutate({ cameraId: camera?.id ?? "", name: text }),
    search: () => browser.trpc.detections.search.query({ plate: text }),
    timeline: () => browser.trpc.detections.timeline.query({ plate: text }),
    cursor: () => browser.trpc.detections.recent.query({ cursor: text }),
    accept: () =>
      browser.trpc.auth.accept.mutate({
        token,
        email: "a@example.org",
        name: text,
        password: `${text} long enough to pass`,
      }),
    login: () => browser.trpc.auth.login.mutate({ email: `${text}@example.org`, password: text }),
  };
  for (const [call, start] of Object.entries(calls))
    expect([call, await failureOf(start())]).not.toEqual([call, "internal"]);
});

test.each([
  "2026-01-01T00:00:00.000Z_------------------------------------",
  "9999-99-99T99:99:99Z_00000000-0000-0000-0000-000000000000",
  "2026-01-01T...Z_00000000-0000-0000-0000-000000000000",
])("The page %j is not known", async (cursor) => {
  const browser = await central.signIn("viewer");
  expect(await failureOf(browser.trpc.detections.recent.query({ cursor }))).toBe("invalid");
});
