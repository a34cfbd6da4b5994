/** Acts in the access log: what they are about, how they end, and that nobody fills the log by being refused. */
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { StoreUnavailableError } from "../evidence/store.ts";
import { aDetection, aJpeg, sendBatch } from "../testing/batches.ts";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { type Doors, openDoors } from "../testing/doors.ts";
import { type Browser, failureOf } from "../testing/people.ts";
import { openOwner } from "./testing/entries.ts";

let central: TestCentral;
let doors: Doors;
let admin: Browser;
beforeAll(async () => {
  central = await openTestCentral();
  doors = await openDoors(central);
  admin = await central.signIn("admin");
}, 60_000);
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

type Entry = { plate: string | null; subject: string | null; outcome: string; failure: string | null };
/** The entries of an action, newest first. */
const entriesOf = (action: string) => central.sql<Entry[]>`
  select plate, filters ->> 'subject' as subject, outcome, failure from access_log where action = ${action} order by id desc`;

test("An act by id names the plate, the person or the thing that it is about", async () => {
  const { trpc } = admin;
  const [list] = await trpc.watchlists.list.query();
  const watchlistId = list?.id ?? "";
  const { entry } = await trpc.watchlists.addEntry.mutate({ watchlistId, plate: "act-1", reason: "the test" });
  const collector = await central.addCollector(["Mill Road"]);
  const [camera] = await central.sql<{ id: string }[]>`select id from cameras where key = 'Mill Road'`;
  const [key] = await central.sql<{ id: string }[]>`select id from collector_keys where collector_id = ${collector.id}`;
  const person = (await (await central.signIn("operator")).trpc.auth.me.query()).user;
  const { invitation } = await trpc.users.invite.mutate({
    email: "miriam@example.org",
    name: "Miriam",
    role: "viewer",
  });
  await trpc.watchlists.removeEntry.mutate({ id: entry.id });
  await trpc.watchlists.restoreEntry.mutate({ id: entry.id });
  await trpc.watchlists.setField.mutate({ id: watchlistId, field: true });
  await trpc.alerts.acknowledge.mutate({ id: doors.near.alertId });
  await trpc.alerts.resolve.mutate({ id: doors.near.alertId, outcome: "confirmed" });
  await trpc.collectors.approveCamera.mutate({ cameraId: camera?.id ?? "" });
  await trpc.collectors.rotateKey.mutate({ id: collector.id });
  await trpc.collectors.revokeKey.mutate({ keyId: key?.id ?? "", reason: "the test" });
  await trpc.collectors.revoke.mutate({ id: collector.id, reason: "the test" });
  await trpc.users.cancelInvitation.mutate({ id: invitation.id });
  await trpc.users.update.mutate({ id: person.id, name: "Renamed" });
  await trpc.users.setRole.mutate({ id: person.id, role: "viewer", reason: "the test" });
  await trpc.users.setDisabled.mutate({ id: person.id, disabled: true, reason: "the test" });
  const about = async (action: string) => {
    const [newest] = await entriesOf(action);
    return [action, newest?.plate ?? newest?.subject];
  };
  const wanted = Object.entries({
    "watchlists.removeEntry": "ACT1",
    "watchlists.restoreEntry": "ACT1",
    "watchlists.setField": list?.name,
    "alerts.acknowledge": "NEAR123",
    "alerts.resolve": "NEAR123",
    "collectors.approveCamera": `Mill Road, ${collector.name}`,
    "collectors.rotateKey": collector.name,
    "collectors.revokeKey": collector.name,
    "collectors.revoke": collector.name,
    "users.cancelInvitation": "Miriam",
    "users.update": person.name,
    "users.setRole": "Renamed",
    "users.setDisabled": "Renamed",
  });
  expect(await Promise.all(wanted.map(([action]) => about(action)))).toEqual(wanted);
});

test("The entry tells nobody of an alert that is beyond their reach, and an id that is none is no error", async () => {
  const viewer = await central.signIn("viewer", { area: "north" });
  expect(await failureOf(viewer.trpc.alerts.acknowledge.mutate({ id: doors.far.alertId }))).toBe("not_found");
  expect((await entriesOf("alerts.acknowledge"))[1]).toMatchObject({ plate: null, outcome: "ok" });
  expect(await failureOf(viewer.trpc.alerts.acknowledge.mutate({ id: "'; --" }))).toBe("invalid");
  expect(await failureOf(admin.trpc.users.update.mutate({ id: randomUUID(), name: "No One" }))).toBe("not_found");
});

test("An act that fails for having been tried too often is corrected like any other: no entry says that it was done", async () => {
  const browser = await central.signIn("operator");
  const { user } = await browser.trpc.auth.me.query();
  const outcomes: string[] = [];
  do outcomes.push(await failureOf(browser.trpc.auth.stepUp.mutate({ code: "000000" })));
  while (outcomes.length < 20 && outcomes.at(-1) !== "too_many");
  expect(outcomes.at(-1)).toBe("too_many");
  const written = await central.sql<{ failure: string | null }[]>`
    select failure from access_log where user_id = ${user.id} and action = 'auth.stepUp' order by id`;
  expect(written.map(({ failure }) => failure)).toEqual(outcomes.flatMap((outcome) => [null, outcome]));
});

test("Whoever may not is limited too: a refusal that is written down cannot fill the log", async () => {
  const viewer = await central.signIn("viewer");
  const { user } = await viewer.trpc.auth.me.query();
  for (let call = 0; call < 120; call++) await central.central.limits.consume("browse", user.id);
  expect(await failureOf(viewer.trpc.accessLog.search.query({}))).toBe("too_many");
  expect(
    await central.sql`select 1 from access_log where user_id = ${user.id} and action = 'accessLog.search'`,
  ).toEqual([]);
});

test("A phone that loads its alerts anew 600 times a minute still gets them; the next one waits", async () => {
  const viewer = await central.signIn("viewer");
  const { user } = await viewer.trpc.auth.me.query();
  for (let call = 0; call < 599; call++) await central.central.limits.consume("alerts", user.id);
  const since = () => failureOf(viewer.trpc.alerts.since.query({ cursor: null }));
  expect([await since(), await since()]).toEqual(["ok", "too_many"]);
});

test("A device tells of offline looks ten times an hour", async () => {
  const viewer = await central.signIn("viewer");
  const outcomes: string[] = [];
  for (let call = 0; call < 11; call++)
    outcomes.push(await failureOf(viewer.trpc.accessLog.addOffline.mutate({ looks: [] })));
  expect(outcomes).toEqual([...Array<string>(10).fill("ok"), "too_many"]);
});

test("Why the database did not answer is logged, once a request, with its number and without what was asked", async () => {
  const warn = vi.spyOn(central.central.log, "warn");
  await using owner = openOwner(central);
  await owner.sql`revoke insert on access_log from chaverim_app`;
  const call = { json: { plate: "SECRET77" } };
  const response = await admin.fetch("/trpc/detections.search,detections.search?batch=1", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ 0: call.json, 1: call.json }),
  });
  await owner.sql`grant insert on access_log to chaverim_app`;
  expect(response.status).toBe(503);
  const told = warn.mock.calls.filter(([, message]) => message === "not available");
  expect(told).toMatchObject([
    [
      { request_id: response.headers.get("x-request-id"), code: "db_unavailable", error: { code: "42501" } },
      "not available",
    ],
  ]);
  expect(JSON.stringify(told)).not.toContain("SECRET77");
});

test("Why the evidence store did not answer is logged with the request's number", async () => {
  const warn = vi.spyOn(central.central.log, "warn");
  const refused = new StoreUnavailableError("S3 refused", { cause: new Error("SignatureDoesNotMatch") });
  vi.spyOn(central.central.store, "commit").mockRejectedValue(refused);
  const collector = await central.addCollector(["Store Street"]);
  const pictures = { full: aJpeg() };
  const { status } = await sendBatch(central.url, collector.apiKey, [aDetection({}, pictures)], [pictures]);
  expect(status).toBe(503);
  const told = warn.mock.calls.filter(([, message]) => message === "not available");
  expect(told).toEqual([
    [
      { request_id: expect.stringMatching(/^[0-9a-f-]{36}$/), code: "store_unavailable", error: refused },
      "not available",
    ],
  ]);
});
