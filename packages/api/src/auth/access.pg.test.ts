/** What a role gets to see of a detection, and what hostile names, ids and cursors do at the doors. */
import { ROLES } from "@chaverim/contracts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aDetectionId } from "../testing/batches.ts";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { failureOf } from "../testing/people.ts";

let central: TestCentral;
beforeAll(async () => {
  central = await openTestCentral();
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
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
    filtered: () => browser.trpc.detections.search.query({ plate: "AB12", filters: { area: text, vehicle: text } }),
    find: () => browser.trpc.detections.find.query({ filters: { direction: text, from: "0000-01-01T00:00:00Z" } }),
    findVehicle: () => browser.trpc.detections.find.query({ filters: { area: text, vehicle: text, direction: text } }),
    correct: () =>
      browser.trpc.detections.correct.mutate({ detectionId: aDetectionId(), plate: "AB12", reason: `because ${text}` }),
    exported: () => browser.trpc.detections.export.mutate({ plate: "AB12", format: "csv", recipient: text }),
    note: () => browser.trpc.plates.addNote.mutate({ plate: `AB${text}`, text }),
    route: () => browser.trpc.plates.route.query({ plate: `AB${text}`, to: "0000-12-31T23:59:59+14:00" }),
    company: () => browser.trpc.plates.seenWith.query({ plate: `AB${text}` }),
    save: () =>
      browser.trpc.searches.save.mutate({ name: text, plate: text, way: "similar", filters: { vehicle: text } }),
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
